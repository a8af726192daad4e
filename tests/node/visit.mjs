// Sends requests to an MCP server with the official TypeScript client of the given version.
//
// Usage: visit.mjs sdk1|client2 URL STEPS MODE
//
// STEPS is a JSON list of {"method", "params"}. MODE is `legacy`, or `auto`, which asks `server/discover` first; sdk1
// supports only `legacy`. Prints one JSON object: the negotiated protocol version, the server's name, and the result of each
// step, as on the wire.

const CLIENTS = {
  async sdk1(url, mode) {
    if (mode !== "legacy") throw new Error(`sdk1 does not support the mode ${mode}`);
    const { Client } = await import("@modelcontextprotocol/sdk/client/index.js");
    const { StreamableHTTPClientTransport } = await import("@modelcontextprotocol/sdk/client/streamableHttp.js");
    const client = new Client({ name: "visit", version: "1" });
    const transport = new StreamableHTTPClientTransport(url);
    await client.connect(transport);
    return { client, protocol: transport.protocolVersion };
  },
  async client2(url, mode) {
    const { Client, StreamableHTTPClientTransport } = await import("@modelcontextprotocol/client");
    const client = new Client({ name: "visit", version: "2" }, { versionNegotiation: { mode } });
    await client.connect(new StreamableHTTPClientTransport(url));
    return { client, protocol: client.getNegotiatedProtocolVersion() };
  },
};

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

// Standard output is for the report only.
console.debug = console.error;
const [name, url, steps, mode] = process.argv.slice(2);
const { client, protocol } = await CLIENTS[name](new URL(url), mode);
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
