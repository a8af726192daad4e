// Prints the versions of Node and of the conformance suite.
import suite from "@modelcontextprotocol/conformance/package.json" with { type: "json" };

console.log(JSON.stringify({ node: process.versions.node, conformance: suite.version }));
