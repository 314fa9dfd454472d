// A provider with the least that each of the four libraries needs: metadata, keys, codes, ID tokens, and refresh tokens
// that work once. Access tokens expire after a second, and a refresh takes half a second. It prints its issuer, then a
// line for each refresh.

import { createHash, createSign, generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { setTimeout } from 'node:timers/promises';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const key = { ...publicKey.export({ format: 'jwk' }), kid: '1', use: 'sig', alg: 'RS256' };
const codes = new Map();
const refreshTokens = new Set();
const random = () => randomBytes(20).toString('hex');
const encode = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
let issuer;

function idToken(nonce) {
  const now = Math.floor(Date.now() / 1000);
  const claims = { iss: issuer, sub: 'ada', aud: 'my-client-id', iat: now, exp: now + 3600, ...(nonce && { nonce }) };
  const input = `${encode({ alg: 'RS256', kid: '1' })}.${encode(claims)}`;
  return `${input}.${createSign('RSA-SHA256').update(input).sign(privateKey, 'base64url')}`;
}

function tokens(nonce) {
  const refresh_token = random();
  refreshTokens.add(refresh_token);
  return { access_token: random(), token_type: 'Bearer', expires_in: 1, refresh_token, id_token: idToken(nonce) };
}

async function exchange(params) {
  if (params.get('grant_type') === 'refresh_token') {
    const isNew = refreshTokens.delete(params.get('refresh_token'));
    console.log(isNew ? 'refreshed' : 'refused');
    await setTimeout(500);
    return isNew && tokens();
  }
  const code = codes.get(params.get('code'));
  codes.delete(params.get('code'));
  const verifier = params.get('code_verifier');
  const challenge = verifier && createHash('sha256').update(verifier).digest('base64url');
  const isRight = code?.challenge === challenge && code?.redirectUri === params.get('redirect_uri');
  return isRight && tokens(code.nonce);
}

function authorize(query, response) {
  const [code, redirectUri] = [random(), query.get('redirect_uri')];
  codes.set(code, { redirectUri, challenge: query.get('code_challenge'), nonce: query.get('nonce') });
  const callback = new URL(redirectUri);
  callback.searchParams.set('code', code);
  if (query.has('state')) callback.searchParams.set('state', query.get('state'));
  response.writeHead(302, { location: callback }).end();
}

const metadata = () => ({
  issuer,
  authorization_endpoint: `${issuer}/authorize`,
  token_endpoint: `${issuer}/token`,
  jwks_uri: `${issuer}/keys`,
  response_types_supported: ['code'],
  subject_types_supported: ['public'],
  id_token_signing_alg_values_supported: ['RS256'],
  code_challenge_methods_supported: ['S256'],
  token_endpoint_auth_methods_supported: ['none'],
});

const server = createServer(async (request, response) => {
  const url = new URL(request.url, issuer);
  const json = (status, value) => response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
  if (url.pathname === '/authorize') return authorize(url.searchParams, response);
  if (url.pathname === '/.well-known/openid-configuration') return json(200, metadata());
  if (url.pathname === '/keys') return json(200, { keys: [key] });
  if (url.pathname !== '/token') return response.writeHead(404).end();
  let body = '';
  for await (const part of request) body += part;
  const result = await exchange(new URLSearchParams(body));
  return result ? json(200, result) : json(400, { error: 'invalid_grant' });
});
server.listen(0, '127.0.0.1', () => {
  issuer = `http://127.0.0.1:${server.address().port}`;
  console.log(issuer);
});
process.stdin.on('end', () => process.exit()).resume();
