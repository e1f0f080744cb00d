/**
 * The body of an answer as UTF-8 text. The request's own signal is its deadline: it covers the body too.
 * @param maxBytes longest body that is read
 * @throws RangeError where the body is longer; the connection is closed then
 */
export async function boundedText(response: Response, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = []
  let length = 0
  for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += chunk.length
    if (length > maxBytes) throw new RangeError('the answer is too large')
    chunks.push(chunk)
  }
  return Buffer.concat(chunks).toString('utf8')
}
