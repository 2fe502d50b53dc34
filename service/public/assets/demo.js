import { KeyServiceClient, KeyServiceError } from '../client/index.js';
import { dayAndTime, plural, wait } from './format.js';

const form = document.getElementById('demo');
const answer = document.getElementById('answer');
const waiting = document.getElementById('waiting');
const currentField = document.getElementById('current');
const buttons = form.querySelectorAll('button');
const { token, pin, current } = form.elements;

const client = new KeyServiceClient({
  url: '/graphql',
  token: () => token.value.trim(),
  deviceId: deviceId(),
  appVersion: 'demo',
  fetch: showAndFetch,
});

/** The PIN that the service has taken last, of the person whose token this is. */
let known;
let timer;

document.querySelector('main').classList.remove('unstarted');
token.addEventListener('change', () => {
  known = undefined;
  askForCurrent(false);
});

const ACTIONS = {
  async verify() {
    const { verified, retryAfterSeconds, failedAttempts, lastFailedAt } = await client.verifyPin(
      pin.value,
    );
    if (!verified) return tellWait('This is not the PIN, or none is set.', retryAfterSeconds);
    known = pin.value;
    askForCurrent(false);
    const failed = failedAttempts
      ? ` Before it, ${plural(failedAttempts, 'attempt')} failed, the last at ${dayAndTime(lastFailedAt)}.`
      : '';
    tell(`The service has verified this PIN.${failed}`, 'good');
  },
  async set() {
    const before = current.value || known;
    await client.setPin(pin.value, { current: before });
    known = pin.value;
    askForCurrent(false);
    tell(before ? 'The PIN is changed.' : 'The PIN is set.', 'good');
  },
  async rotate() {
    await client.rotateKey();
    tell('The device has a new key.', 'good');
  },
};

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  for (const button of buttons) button.disabled = true;
  stopWaiting();
  try {
    await ACTIONS[event.submitter.value]();
    await showKey();
  } catch (error) {
    tellError(error);
  }
  for (const button of buttons) button.disabled = false;
  if (!currentField.hidden && !current.value) current.focus();
});

function tellError(error) {
  if (!(error instanceof KeyServiceError)) return tell(error.message, 'bad');
  const { code, message, retryAfterSeconds } = error;
  switch (code) {
    case 'CREDENTIAL_EXISTS':
      askForCurrent(true);
      return tell('A PIN is set already. Give the current one, too, to change it.', 'bad');
    case 'WRONG_SECRET':
      // It was changed elsewhere since.
      known = undefined;
      askForCurrent(true);
      return tellWait('The current PIN is wrong.', retryAfterSeconds);
    case 'CREDENTIAL_LOCKED':
      return tellWait('Too many attempts have failed: the PIN is locked.', retryAfterSeconds);
    default:
      return tellWait(`${code}: ${message}`, retryAfterSeconds);
  }
}

function askForCurrent(needed) {
  currentField.hidden = !needed;
  if (!needed) current.value = '';
}

/** Says how long that lasts; what is left of it is counted down beside, without being read out. */
function tellWait(message, seconds) {
  if (!seconds) return tell(message, 'bad');
  const until = Date.now() + seconds * 1000;
  const end = seconds > 60 ? `, at ${dayAndTime(until)}` : '';
  tell(`${message} Try again in ${wait(seconds)}${end}.`, 'bad');
  const show = () => {
    const left = Math.ceil((until - Date.now()) / 1000);
    waiting.textContent = left > 0 ? `${wait(left)} left` : 'You can try again now.';
    waiting.hidden = false;
    if (left <= 0) clearInterval(timer);
  };
  show();
  timer = setInterval(show, 1000);
}

function stopWaiting() {
  clearInterval(timer);
  waiting.hidden = true;
}

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
