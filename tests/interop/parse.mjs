// Reads AsyncAPI documents, a JSON array of texts, from standard input; writes what the official parser finds in each:
// its errors, and per operation the address and the titles of the messages.
import { Parser } from "@asyncapi/parser";

const parser = new Parser();
const texts = JSON.parse(await new Response(process.stdin).text());
const found = [];
for (const text of texts) {
  const { document, diagnostics } = await parser.parse(text);
  found.push({
    errors: diagnostics.filter(({ severity }) => severity === 0).map(({ path, message }) => `${path.join(" ")}: ${message}`),
    operations: (document?.operations().all() ?? []).map((operation) => [
      operation.channels().all().map((channel) => channel.address()),
      operation.messages().all().map((message) => message.title()),
    ]),
  });
}
console.log(JSON.stringify(found));
