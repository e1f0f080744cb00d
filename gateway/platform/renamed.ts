/** What is said, once, where a key or a verb of an earlier version is used. */
export const renamedLine = (old: string, today: string): string =>
  `${old} is now called ${today}; the old name still counts`
