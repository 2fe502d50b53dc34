import * as library from 'kms-envelope';
import { exercise } from './exercise.cjs';

/** As main.cjs does, in a module. */
try {
  console.log(JSON.stringify({ outcome: await exercise(library) }));
} catch (error) {
  const { code, message } = error;
  console.log(JSON.stringify({ code, message, instance: error.name }));
}
