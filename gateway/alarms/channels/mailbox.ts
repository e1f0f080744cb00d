/** One mailbox, as SMTP's envelope has it: no list, no name, no comment, nothing that could end a header. */
const MAILBOX = /^[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9-]{1,63}(\.[A-Za-z0-9-]{1,63})*$/

export const isMailbox = (text: string): boolean => text.length <= 254 && MAILBOX.test(text)
