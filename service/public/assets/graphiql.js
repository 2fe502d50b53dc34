const { GraphiQL, React, ReactDOM } = globalThis;

const QUERY = `# Put a token into "Headers" below; in development, the service prints one at its start.
mutation {
  generateClientEncryptionKey(input: { deviceId: "my-phone", appVersion: "1.0.0" }) {
    keyId
    publicKey
    expiresAt
    algorithm
  }
}
`;

ReactDOM.createRoot(document.getElementById('graphiql')).render(
  React.createElement(GraphiQL, {
    fetcher: GraphiQL.createFetcher({ url: '/graphql' }),
    defaultQuery: QUERY,
    defaultHeaders: JSON.stringify({ authorization: 'Bearer TOKEN' }, undefined, 2),
    defaultEditorToolsVisibility: 'headers',
    // A token is not kept in the browser.
    shouldPersistHeaders: false,
  }),
);
