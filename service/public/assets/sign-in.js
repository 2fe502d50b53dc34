const form = document.getElementById('sign-in');
const problem = form.querySelector('.problem');

document.querySelector('main').classList.remove('unstarted');

const REFUSED = {
  401: 'The service does not accept this token, or it has expired.',
  403: 'This token is not one of an administrator.',
};

if (sessionStorage.getItem('session-ended')) {
  sessionStorage.removeItem('session-ended');
  problem.textContent = 'Your session has ended: sign in again.';
  problem.hidden = false;
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  const token = form.elements.token.value.trim();
  const response = await signIn(token).catch(() => undefined);
  if (response?.ok) return location.reload();
  problem.textContent = REFUSED[response?.status] ?? 'The service could not be reached.';
  problem.hidden = false;
  form.elements.token.select();
});

/** The token becomes a cookie that no script can read, and that is sent to these pages alone. */
function signIn(token) {
  return fetch('session', { method: 'POST', headers: { authorization: `Bearer ${token}` } });
}
