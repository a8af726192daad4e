// Does what it is told as the MCP project's TypeScript SDK, version 1: it speaks the protocol that opens with `initialize`.
//
// Usage: visit_sdk1.mjs URL STEPS
//
// STEPS is a JSON list of {"method", "params"}. Prints one JSON object: the protocol version that was agreed on, the
// server's name, and what came back of each step, as on the wire.

import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";

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

const [url, steps] = process.argv.slice(2);
const client = new Client({ name: "visit", version: "1" });
let protocol;
const transport = new StreamableHTTPClientTransport(new URL(url));
// The client tells its transport what was agreed on, and keeps it to itself otherwise.
const told = transport.setProtocolVersion.bind(transport);
transport.setProtocolVersion = (version) => {
  protocol = version;
  told(version);
};
await client.connect(transport);
const answers = [];
for (const { method, params } of JSON.parse(steps)) {
  try {
    answers.push(await client[VERBS[method]](params));
  } catch ({ code, message }) {
    answers.push({ error: { code, message } });
  }
}
const server = client.getServerVersion().name;
await client.close();
console.log(JSON.stringify({ protocol, server, answers }));
