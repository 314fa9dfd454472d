// An OpenID provider: npm's `oidc-provider`, which is certified. It prints its issuer, what it saw of the protocol, and an
// end mark for each line of standard input. Any visitor is signed in as `ada`, who agrees to everything.
//
// --dpop-nonce              proofs need its nonce
// --dpop-nonce-per-request  a nonce is good for the next request alone
// --without-dpop            proofs are ignored
// --require-par             authorization requests have to be pushed
// --deny ERROR              the person does not agree
// --spend-code              each code was used before
// --spend-refresh-token     each refresh token was used before
// --short-device-code       device codes are good for two seconds

import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { Provider } from 'oidc-provider';
import instance from 'oidc-provider/lib/helpers/weak_cache.js';

// It warns that this configuration is not for production.
console.info = console.warn = () => {};

const has = (option) => process.argv.includes(option);
const needsNonce = has('--dpop-nonce') || has('--dpop-nonce-per-request');
const denial = has('--deny') && process.argv[process.argv.indexOf('--deny') + 1];

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
    pushedAuthorizationRequests: { enabled: true, requirePushedAuthorizationRequests: has('--require-par') },
    dPoP: {
      enabled: !has('--without-dpop'),
      ...(needsNonce && { nonceSecret: randomBytes(32), requireNonce: () => true }),
    },
  },
  pkce: { required: () => true },
  ...(has('--short-device-code') && { ttl: { DeviceCode: 2 } }),
  rotateRefreshToken: true,
  issueRefreshToken: (_, client, code) => client.grantTypeAllowed('refresh_token') && code.scopes.has('offline_access'),
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
};

const server = createServer();
server.listen(0, '127.0.0.1', () => {
  const issuer = `http://127.0.0.1:${server.address().port}`;
  const provider = new Provider(issuer, configuration);
  misbehave(provider);
  report(provider);
  const callback = provider.callback();
  server.on('request', (request, response) => {
    if (request.url.startsWith('/interaction/')) agree(provider, request, response);
    else callback(request, response);
  });
  console.log(JSON.stringify({ issuer }));
});
process.stdin.on('data', () => console.log(JSON.stringify({ end: true })));

// Signs the person in, and grants what the client asks for.
async function agree(provider, request, response) {
  const { prompt, params, session, grantId } = await provider.interactionDetails(request, response);
  if (denial) {
    return provider.interactionFinished(request, response, { error: denial });
  }
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

function misbehave(provider) {
  if (has('--spend-code')) provider.on('authorization_code.saved', (code) => code.consume());
  if (has('--spend-refresh-token')) provider.on('refresh_token.saved', (token) => token.consume());
  if (!has('--dpop-nonce-per-request')) return;
  // The nonce of the last response, and that of the one before.
  let [last, before] = ['', ''];
  instance(provider).DPoPNonces = {
    nextChallenge() {
      [last, before] = [randomBytes(16).toString('base64url'), last];
      return last;
    },
    checkChallenge: (nonce) => nonce === before,
  };
}

// Prints which parts of the protocol the client has used, and which errors it got.
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
  for (const event of ['authorization', 'grant', 'pushed_authorization_request', 'device_authorization', 'revocation']) {
    provider.on(`${event}.error`, (_, { error }) => saw(error === 'use_dpop_nonce' ? 'DPoP nonce' : error));
  }
  provider.use(async (context, next) => {
    await next();
    const { oidc } = context;
    if (oidc?.route === 'revocation' && (oidc.entities.RefreshToken || oidc.entities.AccessToken)) saw('revocation');
  });
}
