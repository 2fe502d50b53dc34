import { KeyServiceClient, KeyServiceError } from '../client/index.js';
import { dayAndTime } from './format.js';

const form = document.getElementById('demo');
const answer = document.getElementById('answer');
const buttons = form.querySelectorAll('button');

const client = new KeyServiceClient({
  url: '/graphql',
  token: () => form.elements.token.value.trim(),
  deviceId: deviceId(),
  appVersion: 'demo',
  fetch: showAndFetch,
});

const ACTIONS = {
  async verify(pin) {
    const { verified, retryAfterSeconds } = await client.verifyPin(pin);
    if (verified) return tell('The service has verified this PIN.', 'good');
    const pause = retryAfterSeconds ? ` Try again in ${retryAfterSeconds} s.` : '';
    tell(`This is not the PIN, or none is set.${pause}`, 'bad');
  },
  async set(pin) {
    await client.setPin(pin);
    tell('The PIN is set.', 'good');
  },
  async rotate() {
    await client.rotateKey();
    tell('The device has a new key.', 'good');
  },
};

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  for (const button of buttons) button.disabled = true;
  try {
    await ACTIONS[event.submitter.value](form.elements.pin.value);
    await showKey();
  } catch (error) {
    const code = error instanceof KeyServiceError ? `${error.code}: ` : '';
    tell(`${code}${error.message}`, 'bad');
  }
  for (const button of buttons) button.disabled = false;
});

function tell(message, kind) {
  answer.textContent = message;
  answer.className = `answer ${kind}`;
  answer.hidden = false;
}

async function showKey() {
  const { keyId, algorithm, expiresAt } = await client.key();
  document.getElementById('key-id').textContent = keyId;
  document.getElementById('key-algorithm').textContent = algorithm;
  document.getElementById('key-expires').textContent = dayAndTime(expiresAt);
}

/** Shows the variables of each request, just as they are sent. */
function showAndFetch(url, options) {
  const { variables } = JSON.parse(options.body);
  document.getElementById('sent').textContent = JSON.stringify(variables.input, undefined, 2);
  document.getElementById('trace').hidden = false;
  return fetch(url, options);
}

/** Made once for this browser, as an application does for each installation. */
function deviceId() {
  const known = localStorage.getItem('device-id');
  if (known) return known;
  const made = `demo-${crypto.randomUUID()}`;
  localStorage.setItem('device-id', made);
  return made;
}
