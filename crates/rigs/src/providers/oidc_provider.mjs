// An OpenID provider: npm's `oidc-provider`, which is certified. It prints its issuer, and what it saw
// of the protocol. With `--dpop-nonce`, proofs need its nonce. Whoever opens a page is signed in as `ada`, who agrees to everything.

import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';

// It warns that this configuration is not for production.
console.info = console.warn = () => {};

const hosts = ['127.0.0.1', 'localhost', '[::1]'];
const client = {
  application_type: 'native',
  grant_types: ['authorization_code', 'refresh_token', 'urn:ietf:params:oauth:grant-type:device_code'],
  response_types: ['code'],
  redirect_uris: hosts.flatMap((host) => [`http://${host}/callback`, `http://${host}/`]),
};

const configuration = {
  clients: [
    { ...client, client_id: 'public', token_endpoint_auth_method: 'none' },
    // Each character has to be percent-encoded before base64 (RFC 6749 section 2.3.1).
    { ...client, client_id: 'basic:client', client_secret: 's:e+c%r e&t', token_endpoint_auth_method: 'client_secret_basic' },
    { ...client, client_id: 'post', client_secret: 's:e+c%r e&t', token_endpoint_auth_method: 'client_secret_post' },
  ],
  cookies: { keys: [randomBytes(16).toString('hex')] },
  claims: { openid: ['sub'], email: ['email'] },
  findAccount: (_, sub) => ({ accountId: sub, claims: () => ({ sub, email: `${sub}@example.com` }) }),
  features: {
    devInteractions: { enabled: false },
    deviceFlow: { enabled: true },
    revocation: { enabled: true },
    pushedAuthorizationRequests: { enabled: true },
    dPoP: {
      enabled: true,
      ...(process.argv.includes('--dpop-nonce') && { nonceSecret: randomBytes(32), requireNonce: () => true }),
    },
  },
  rotateRefreshToken: true,
  issueRefreshToken: (_, client, code) => client.grantTypeAllowed('refresh_token') && code.scopes.has('offline_access'),
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
};

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, configuration);
  const callback = provider.callback();
  report(provider);
  server.on('request', (request, response) => {
    if (request.url.startsWith('/interaction/')) agree(provider, request, response);
    else callback(request, response);
  });
  console.log(JSON.stringify({ issuer }));
});

// Signs the person in, and grants what the client asks for.
async function agree(provider, request, response) {
  const { prompt, params, session, grantId } = await provider.interactionDetails(request, response);
  if (prompt.name === 'login') {
    return provider.interactionFinished(request, response, { login: { accountId: 'ada' } });
  }
  const grant = grantId
    ? await provider.Grant.find(grantId)
    : new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  const consent = { grantId: await grant.save() };
  return provider.interactionFinished(request, response, { consent }, { mergeWithLastSubmission: true });
}

// Prints which parts of the protocol the client has used.
function report(provider) {
  const saw = (what) => console.log(JSON.stringify({ saw: what }));
  const client = ({ headers, oidc }) => {
    if (headers.authorization?.startsWith('Basic ')) saw('client_secret_basic');
    if (oidc.params.client_secret) saw('client_secret_post');
    if (headers.dpop) saw('DPoP');
  };
  provider.on('pushed_authorization_request.success', () => saw('PAR'));
  provider.on('device_authorization.success', () => saw('device code'));
  provider.on('authorization.success', ({ oidc: { params } }) => {
    if (params.redirect_uri) saw(`redirect to ${new URL(params.redirect_uri).hostname}`);
    if (params.code_challenge) saw(`PKCE ${params.code_challenge_method}`);
    if (params.nonce) saw('nonce');
    if (params.response_mode) saw(params.response_mode);
  });
  provider.on('grant.success', (context) => {
    client(context);
    if (context.oidc.params.grant_type === 'refresh_token') saw('refresh');
  });
  for (const event of ['grant', 'pushed_authorization_request', 'device_authorization']) {
    provider.on(`${event}.error`, (_, { error }) => error === 'use_dpop_nonce' && saw('DPoP nonce'));
  }
  for (const kind of ['refresh_token', 'access_token']) {
    provider.on(`${kind}.destroyed`, () => saw('revocation'));
  }
}
