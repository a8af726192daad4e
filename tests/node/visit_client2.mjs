// Does what it is told as the MCP project's TypeScript client, version 2: it speaks the protocol with `initialize` and the one without.
//
// Usage: visit_client2.mjs URL STEPS MODE
//
// STEPS is a JSON list of {"method", "params"}; MODE is `legacy` or `auto`, which asks `server/discover` first. Prints one
// JSON object: the protocol version that was agreed on, the server's name, and what came back of each step, as on the wire.

import { Client, StreamableHTTPClientTransport } from "@modelcontextprotocol/client";

const VERBS = {
  "tools/list": "listTools",
  "tools/call": "callTool",
  "resources/list": "listResources",
  "resources/templates/list": "listResourceTemplates",
  "resources/read": "readResource",
  "prompts/list": "listPrompts",
  "prompts/get": "getPrompt",
  "completion/complete": "complete",
};

// Standard output is for the report alone.
console.debug = console.error;
const [url, steps, mode] = process.argv.slice(2);
const client = new Client({ name: "visit", version: "2" }, { versionNegotiation: { mode } });
await client.connect(new StreamableHTTPClientTransport(new URL(url)));
const answers = [];
for (const { method, params } of JSON.parse(steps)) {
  try {
    answers.push(await client[VERBS[method]](params));
  } catch ({ code, message }) {
    answers.push({ error: { code, message } });
  }
}
const protocol = client.getNegotiatedProtocolVersion();
const server = client.getServerVersion().name;
await client.close();
console.log(JSON.stringify({ protocol, server, answers }));
