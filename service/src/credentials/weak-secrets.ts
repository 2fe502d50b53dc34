/** PINs that people choose most, beside those that a pattern gives away. */
const COMMON_PINS = new Set(
  `0007 0070 0420 0852 1004 1122 1133 1200 1221 1225 1230 1231 1234 1313 1324 1342 1357 1379 1397
  1470 1478 1590 1593 1668 1701 1984 2112 2121 2222 2255 2468 2580 3141 3256 3333 4200 4545 5150 5254
  5683 6789 6969 7410 7788 8520 8675 9510 9630 102030 110110 112112 121314 123123 123321 123654 134679
  142536 147258 147852 159357 159753 159951 258369 258456 321654 369258 456123 456789 456852
  520131 520520 654123 741852 753159 753951 789456 789789 963852 985632 987456 951753 13579 24680 12369
  98741 14789 36987 12344321 11223344 12341234 14725836 147258369 741852963 987456321 789456123`.split(
    /\s+/,
  ),
);

/** Passcodes that are tried first, in small letters and without what is put before and after them. */
const COMMON_PASSCODES = new Set(
  `password passwort motdepasse contrasena contraseña senha parola haslo passw0rd p@ssword p@ssw0rd pa55word
  passcode secret letmein welcome willkommen login admin administrator root master superman batman
  qwerty qwertz azerty qwertyuiop qwerty1 asdfgh asdfghjkl zxcvbn zxcvbnm 1qaz2wsx qazwsx qazwsxedc
  1q2w3e 1q2w3e4r 1q2w3e4r5t q1w2e3r4 zaq12wsx abcdef abcdefg abcdefgh abc123 abcd1234 a1b2c3 a1b2c3d4
  iloveyou loveyou lovely sunshine princess dragon monkey shadow football baseball basketball soccer
  hockey liverpool arsenal chelsea barcelona juventus michael jordan jessica jennifer ashley charlie
  daniel andrew thomas matthew joshua anthony nicole michelle hannah george robert william
  trustno1 whatever freedom starwars pokemon hunter ginger pepper cookie cheese computer internet
  google samsung nokia iphone android windows mustang harley ferrari mercedes corvette summer winter
  spring autumn flower butterfly angel sweet chocolate changeme default temporary testtest testing
  hello123 helloworld hallohallo secure access service mobile banking payment money account`.split(
    /\s+/,
  ),
);

/** Whether a PIN is among the first that a guesser would try. */
export function isWeakPin(pin: string): boolean {
  return COMMON_PINS.has(pin) || isRepetition(pin) || isSequence(pin) || isYear(pin);
}

/** Whether a passcode is among the first that a guesser would try at this user. */
export function isWeakPasscode(passcode: string, userId: string): boolean {
  const text = passcode.normalize("NFKC").toLowerCase();
  if (/^\d+$/.test(text) && isWeakPin(text)) return true;
  if (isRepetition(text) || isSequence(text) || text === userId.toLowerCase()) return true;
  const word = text.replace(/^[\d\W_]+/, "").replace(/[\d\W_]+$/, "");
  return COMMON_PASSCODES.has(text) || COMMON_PASSCODES.has(word);
}

/** One block again and again: 1111, 1212, 123123, abcabc. */
function isRepetition(text: string): boolean {
  return /^(.+?)\1+$/su.test(text);
}

/** Each character one more, or one less, than the one before, also doubled: 3456, 0987, 7890, 112233. */
function isSequence(text: string): boolean {
  const once = /^(?:(.)\1)+$/su.test(text) ? text.replace(/(.)\1/gsu, "$1") : text;
  const steps = new Set(
    [...once].slice(1).map((character, i) => {
      const step = character.codePointAt(0)! - once.codePointAt(i)!;
      const wraps = /^\d+$/.test(once) && Math.abs(step) === 9;
      return wraps ? -Math.sign(step) : step;
    }),
  );
  return once.length > 1 && steps.size === 1 && (steps.has(1) || steps.has(-1));
}

/** A year in which somebody who lives was born, or will be. */
function isYear(text: string): boolean {
  return /^(19[2-9]\d|20[0-3]\d)$/.test(text);
}
