/** What the service answers, as JSON. The page is left if the session has ended. */
export async function getJson(path, { signal } = {}) {
  const response = await fetch(path, { signal }).catch((cause) => {
    if (signal?.aborted) throw cause;
    throw new Error('The service could not be reached.', { cause });
  });
  if (response.status === 401 || response.status === 403) await sessionEnded();
  if (response.ok) return response.json();
  const { errors } = await response.json().catch(() => ({}));
  throw new Error(errors?.[0]?.message ?? `The service answered ${response.status}.`);
}

export async function signOut() {
  await fetch('session', { method: 'DELETE' });
  location.reload();
}

/** The page to sign in says why it is there. Nothing more happens on this one. */
function sessionEnded() {
  sessionStorage.setItem('session-ended', 'yes');
  location.reload();
  return new Promise(() => {});
}
