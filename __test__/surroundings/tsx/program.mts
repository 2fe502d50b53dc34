import { EnvelopeError, type Envelope } from 'kms-envelope';
import * as library from 'kms-envelope';
import { exercise } from '../programs/exercise.cjs';

const envelope: Envelope | undefined = undefined;
console.log(await exercise(library), typeof EnvelopeError, envelope);
