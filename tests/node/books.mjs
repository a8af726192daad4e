// A server of books on the TypeScript SDK, for the proof. It validates tokens itself; the arguments are a JSON object with
// the app's place in Entra, and the names of checks that it leaves out.
import { createServer } from 'node:http';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { compactVerify, createRemoteJWKSet, decodeJwt } from 'jose';
import { z } from 'zod';

const { authority, tenant, audiences, clients, scope } = JSON.parse(process.argv[2]);
const leftOut = new Set(process.argv.slice(3));
const keys = createRemoteJWKSet(new URL(`${authority}/${tenant}/discovery/v2.0/keys`));
const issuers = [`${authority}/${tenant}/v2.0`, `https://sts.windows.net/${tenant}/`];
const wellKnown = '/.well-known/oauth-protected-resource';
const books = [{ id: 1, title: 'A history of lighthouses' }];

function booksServer() {
  const server = new McpServer({ name: 'books', version: '1.0.0' });
  const give = (value) => ({ content: [{ type: 'text', text: JSON.stringify(value) }], structuredContent: value });
  server.registerTool('list_books', {}, () => give({ books }));
  server.registerTool('add_book', { inputSchema: { title: z.string() } }, ({ title }) => {
    books.push({ id: books.length + 1, title });
    return give(books.at(-1));
  });
  return server;
}

async function claimsOf(token) {
  if (leftOut.has('signature')) return decodeJwt(token);
  const { payload } = await compactVerify(token, keys, { algorithms: ['RS256'] });
  return JSON.parse(new TextDecoder().decode(payload));
}

/** Returns the status of a refusal, or nothing. */
async function refusal(request) {
  const header = request.headersDistinct.authorization ?? [];
  const token = header.length === 1 ? /^bearer +(\S+)$/i.exec(header[0])?.[1] : undefined;
  if (!token) return 401;
  const claims = await claimsOf(token).catch(() => undefined);
  const now = Date.now() / 1000;
  const checks = {
    signature: claims !== undefined,
    audience: audiences.includes(claims?.aud),
    expiry: claims?.exp > now - 60,
    begin: claims?.nbf === undefined || claims.nbf < now + 60,
    tenant: claims?.tid === tenant && issuers.includes(claims?.iss),
    client: clients.includes(claims?.appid ?? claims?.azp),
  };
  if (!claims || Object.entries(checks).some(([name, holds]) => !holds && !leftOut.has(name))) return 401;
  const rights = [...(claims.roles ?? []), ...(claims.scp ?? '').split(' ')];
  const may = rights.includes('MCP.Access') || rights.includes('user_impersonation') || leftOut.has('role');
  return may ? undefined : 403;
}

const listener = createServer(async (request, response) => {
  const path = request.url;
  const own = `http://${request.headers.host}`;
  if (path.startsWith(wellKnown) && ['', '/mcp'].includes(path.slice(wellKnown.length))) {
    response.setHeader('content-type', 'application/json');
    const metadata = { resource: own + path.slice(wellKnown.length), authorization_servers: [issuers[0]], scopes_supported: [scope] };
    return response.end(JSON.stringify(metadata));
  }
  const { origin } = request.headers;
  if (origin !== undefined && origin !== own && !leftOut.has('origin')) return response.writeHead(403).end();
  const refused = await refusal(request);
  if (refused) {
    const error = refused === 403 ? 'error="insufficient_scope", ' : '';
    response.statusCode = refused;
    response.setHeader('www-authenticate', `Bearer ${error}scope="${scope}", resource_metadata="${own}${wellKnown}/mcp"`);
    return response.end();
  }
  if (path !== '/mcp') return response.writeHead(404).end();
  const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined, enableJsonResponse: true });
  response.on('close', () => transport.close());
  await booksServer().connect(transport);
  await transport.handleRequest(request, response);
});
listener.listen(0, '127.0.0.1', () => console.log(`http://127.0.0.1:${listener.address().port}`));
