// A server as GitHub's: its responses are forms unless JSON is asked for, its errors have the status 200, and it has no
// metadata. It prints its endpoints, what it saw, and an end mark for each line of standard input.
//
// --always-form          its responses are forms even if JSON is asked for
// --spend-code           each code was used before
// --spend-refresh-token  each refresh token was used before

import { createHash, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';

const has = (option) => process.argv.includes(option);
const alwaysForm = has('--always-form');
const secret = 's:e+c%r e&t';
const codes = new Map();
const refreshTokens = new Set();
const saw = (what) => console.log(JSON.stringify({ saw: what }));
const random = () => randomBytes(20).toString('hex');

function tokens(scope) {
  const refresh_token = `ghr_${random()}`;
  if (!has('--spend-refresh-token')) refreshTokens.add(refresh_token);
  return { access_token: `gho_${random()}`, scope, token_type: 'bearer', expires_in: 28800, refresh_token };
}

function exchange(params) {
  if (params.get('client_id') === 'post') {
    if (params.get('client_secret') !== secret) return { error: 'incorrect_client_credentials' };
    saw('client_secret_post');
  }
  if (params.get('grant_type') === 'refresh_token') {
    saw('refresh');
    return refreshTokens.delete(params.get('refresh_token')) ? tokens('') : { error: 'bad_refresh_token' };
  }
  const code = codes.get(params.get('code'));
  codes.delete(params.get('code'));
  const challenge = createHash('sha256').update(params.get('code_verifier') ?? '').digest('base64url');
  if (!code || challenge !== code.challenge || params.get('redirect_uri') !== code.redirectUri) {
    return { error: 'bad_verification_code', error_description: 'The code passed is incorrect or expired.' };
  }
  saw('PKCE S256');
  return tokens(code.scope);
}

function authorize(query, response) {
  const code = random();
  const redirectUri = query.get('redirect_uri');
  if (!has('--spend-code')) codes.set(code, { challenge: query.get('code_challenge'), redirectUri, scope: (query.get('scope') ?? '').replaceAll(' ', ',') });
  const callback = new URL(redirectUri);
  callback.searchParams.set('code', code);
  callback.searchParams.set('state', query.get('state'));
  response.writeHead(302, { location: callback }).end();
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, 'http://localhost');
  if (url.pathname === '/login/oauth/authorize') return authorize(url.searchParams, response);
  if (url.pathname !== '/login/oauth/access_token') return response.writeHead(404).end();
  let body = '';
  for await (const part of request) body += part;
  const result = exchange(new URLSearchParams(body));
  const isJson = !alwaysForm && request.headers.accept?.includes('application/json');
  saw(isJson ? 'JSON response' : 'form response');
  if (result.error) saw(`${result.error} with status 200`);
  response.setHeader('content-type', isJson ? 'application/json; charset=utf-8' : 'application/x-www-form-urlencoded; charset=utf-8');
  response.end(isJson ? JSON.stringify(result) : new URLSearchParams(result).toString());
});
server.listen(0, '127.0.0.1', () => {
  const origin = `http://127.0.0.1:${server.address().port}/login/oauth`;
  console.log(JSON.stringify({ authorization_endpoint: `${origin}/authorize`, token_endpoint: `${origin}/access_token` }));
});
process.stdin.on('data', () => console.log(JSON.stringify({ end: true })));
