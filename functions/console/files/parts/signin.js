// Sign-in with any OpenID Connect issuer: authorization code with PKCE, tokens kept until the tab closes, renewed before they end.

import { signin as texts } from "./texts/shell.js";

const PENDING = "sign-in";
const SESSION = "session";
const RENEW_BEFORE = 120_000; // milliseconds before the end
const returnAddress = () => new URL("/", location.href).href;

/** @type {{ issuer: string, client_id: string, scopes: string, version: string }} */
let config;
/** @type {Record<string, string>} */
let endpoints;

/** The page itself says where to sign in. */
export function load() {
  config = JSON.parse(/** @type {HTMLMetaElement} */ (document.querySelector("meta[name=config]")).content);
}

/** The issuer's addresses, asked for once they are needed. Throws an Error with a sentence for the person. */
async function discover() {
  if (endpoints) return;
  const issuer = config.issuer.replace(/\/$/, "");
  endpoints = await read(`${issuer}/.well-known/openid-configuration`).catch(() => {
    throw new Error(texts.issuerIsSilent(issuer));
  });
}

/** The application's version. */
export const version = () => config.version;

/** The signed-in person with the token for the API; null when nobody is, or no longer. */
export function current() {
  const session = stored(SESSION);
  return session && session.expires > Date.now() ? session : null;
}

/** As `current`, renewed where it ends soon and the issuer gave what renews it. */
export async function ready() {
  const session = stored(SESSION);
  if (session?.renewal && session.expires - Date.now() < RENEW_BEFORE) await renew();
  return current();
}

/** @type {Promise<boolean> | null} */
let renewing = null;

/** Whether there is a fresh token; many callers at once are one call. */
export function renew() {
  renewing ??= exchangeRenewal().finally(() => (renewing = null));
  return renewing;
}

async function exchangeRenewal() {
  const session = stored(SESSION);
  if (!session?.renewal || !(await discover().then(() => true, () => false))) return false;
  const body = new URLSearchParams({ grant_type: "refresh_token", client_id: config.client_id, refresh_token: session.renewal });
  const response = await fetch(endpoints.token_endpoint, { method: "POST", body }).catch(() => null);
  if (!response) return false; // perhaps in a moment; until it ends the old one is good
  if (!response.ok) {
    sessionStorage.setItem(SESSION, JSON.stringify({ ...session, renewal: undefined }));
    return false;
  }
  const tokens = await response.json();
  keep({ ...tokens, refresh_token: tokens.refresh_token ?? session.renewal }, claims(tokens.id_token)?.nonce);
  return true;
}

/** Goes to the issuer's page; the browser comes back to this address with a code. */
export async function begin() {
  await discover();
  const pending = { verifier: random(), state: random(), nonce: random(), hash: location.hash };
  sessionStorage.setItem(PENDING, JSON.stringify(pending));
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(pending.verifier));
  goTo(endpoints.authorization_endpoint, {
    response_type: "code",
    client_id: config.client_id,
    redirect_uri: returnAddress(),
    scope: config.scopes,
    state: pending.state,
    nonce: pending.nonce,
    code_challenge: base64url(new Uint8Array(digest)),
    code_challenge_method: "S256",
  });
}

/** Finishes a sign-in that the address holds the answer of; does nothing otherwise. */
export async function complete() {
  const answer = new URLSearchParams(location.search);
  if (!answer.has("code") && !answer.has("error")) return;
  await discover();
  const pending = stored(PENDING);
  sessionStorage.removeItem(PENDING);
  history.replaceState(null, "", `/${pending?.hash || ""}`);
  if (answer.has("error")) throw new Error(texts.notSignedIn(answer.get("error_description") || answer.get("error")));
  const foreign = answer.has("iss") && answer.get("iss") !== endpoints.issuer;
  if (!pending || pending.state !== answer.get("state") || foreign) {
    throw new Error(texts.begunElsewhere);
  }
  const response = await fetch(endpoints.token_endpoint, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "authorization_code",
      client_id: config.client_id,
      redirect_uri: returnAddress(),
      code: answer.get("code") ?? "",
      code_verifier: pending.verifier,
    }),
  });
  if (!response.ok) throw new Error(texts.notAccepted);
  keep(await response.json(), pending.nonce);
}

/** Forgets the tokens, and ends the issuer's session where it can. */
export async function end() {
  forget();
  await discover().catch(() => null); // signed out here all the same
  if (!endpoints?.end_session_endpoint) return;
  goTo(endpoints.end_session_endpoint, {
    client_id: config.client_id,
    post_logout_redirect_uri: returnAddress(),
    logout_uri: returnAddress(), // what Cognito calls it
  });
}

/** Forgets the tokens only: the API refused them. */
export function forget() {
  sessionStorage.removeItem(SESSION);
}

/**
 * @param {Record<string, any>} tokens
 * @param {string} nonce
 */
function keep(tokens, nonce) {
  const person = claims(tokens.id_token);
  if (!person || person.nonce !== nonce) throw new Error(texts.notForUs);
  // An access token made for an API is what that API takes; otherwise (Cognito has none) it is the ID token.
  const audience = claims(tokens.access_token)?.aud;
  const forApi = audience && ![audience].flat().includes(config.client_id);
  const session = {
    token: forApi ? tokens.access_token : tokens.id_token,
    name: person.name || person.email || person.sub,
    email: person.email,
    renewal: tokens.refresh_token,
    expires: Date.now() + 1000 * ((tokens.expires_in ?? 3600) - 30),
  };
  sessionStorage.setItem(SESSION, JSON.stringify(session));
}

/**
 * A token's claims, unverified: the API verifies. null for what is no JWT.
 * @param {string} token
 */
function claims(token) {
  try {
    const text = atob(token.split(".")[1].replaceAll("-", "+").replaceAll("_", "/"));
    return JSON.parse(new TextDecoder().decode(Uint8Array.from(text, (letter) => letter.charCodeAt(0))));
  } catch {
    return null;
  }
}

/** @param {string} address */
async function read(address) {
  const response = await fetch(address);
  if (!response.ok) throw new Error(texts.answers(address, response.status));
  return response.json();
}

/** @param {string} name */
function stored(name) {
  try {
    return JSON.parse(sessionStorage.getItem(name) ?? "null");
  } catch {
    return null;
  }
}

/**
 * @param {string} address
 * @param {Record<string, string>} parameters
 */
function goTo(address, parameters) {
  const target = new URL(address);
  for (const [name, value] of Object.entries(parameters)) target.searchParams.set(name, value);
  location.assign(target);
}

function random() {
  return base64url(crypto.getRandomValues(new Uint8Array(32)));
}

/** @param {Uint8Array} bytes */
function base64url(bytes) {
  return btoa(String.fromCharCode(...bytes)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
