import { Router } from 'express';
import { decryptedFile } from 'kms-envelope/express';
import { encryptedDiskStorage } from 'kms-envelope/multer';
import multer from 'multer';
import { DATA } from './keys.js';

const FOLDER = `${DATA}/files`;
const ID = /^[0-9a-f-]{36}$/;

/** Returns the routes of files; each is bound to the user who uploaded it. */
export function files(envelope, signedIn) {
  const contextOf = ({ user }) => ({ purpose: 'file', owner: user.id });
  const upload = multer({
    storage: encryptedDiskStorage({
      envelope,
      destination: FOLDER,
      encryptionContext: contextOf,
    }),
    limits: { fileSize: 1024 ** 3, files: 1 },
  });
  const routes = Router();
  routes.use(signedIn);

  routes.post('/', upload.single('file'), ({ file }, response) => {
    if (!file) return response.status(400).json({ error: 'send a file' });
    return response.status(201).json({ id: file.filename.split('.')[0], size: file.size });
  });

  routes.get(
    '/:id',
    decryptedFile(envelope, (request) =>
      ID.test(request.params.id)
        ? {
            source: `${FOLDER}/${request.params.id}.encrypted`,
            encryptionContext: contextOf(request),
            filename: 'download',
          }
        : undefined,
    ),
  );

  return routes;
}
