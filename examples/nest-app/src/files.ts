import type { IncomingMessage, ServerResponse } from "node:http";
import {
  BadRequestException,
  Controller,
  Get,
  Module,
  Next,
  NotFoundException,
  Param,
  Post,
  Req,
  Res,
  UploadedFile,
  UseGuards,
  UseInterceptors,
} from "@nestjs/common";
import { FileInterceptor, MulterModule } from "@nestjs/platform-express";
import { Envelope } from "kms-envelope";
import { decryptedFile } from "kms-envelope/express";
import { encryptedDiskStorage, type DiskUpload } from "kms-envelope/multer";
import { DATA } from "./keys.js";
import { SignedUp, type Signed } from "./users.js";

const FOLDER = `${DATA}/files`;
const ID = /^[0-9a-f-]{36}$/;

/** What a file is bound to: nobody else can read it. */
const contextOf = ({ user }: Signed) => ({ purpose: "file", owner: user.id });

@Controller("files")
@UseGuards(SignedUp)
export class FilesController {
  constructor(private readonly envelope: Envelope) {}

  @Post()
  @UseInterceptors(FileInterceptor("file"))
  upload(@UploadedFile() file?: DiskUpload) {
    if (!file) throw new BadRequestException("send a file");
    return { id: file.filename.split(".")[0], size: file.size };
  }

  @Get(":id")
  download(
    @Param("id") id: string,
    @Req() request: IncomingMessage & Signed,
    @Res() response: ServerResponse,
    @Next() next: (error?: unknown) => void,
  ) {
    if (!ID.test(id)) throw new NotFoundException();
    const source = `${FOLDER}/${id}.encrypted`;
    const file = { source, encryptionContext: contextOf(request), filename: "download" };
    // The file of another user is not found.
    const statuses = { ERR_ENVELOPE_CONTEXT_MISMATCH: 404 };
    return decryptedFile(this.envelope, file, { statuses })(request, response, next);
  }
}

@Module({
  imports: [
    MulterModule.registerAsync({
      inject: [Envelope],
      useFactory: (envelope: Envelope) => ({
        storage: encryptedDiskStorage({
          envelope,
          destination: FOLDER,
          encryptionContext: contextOf,
        }),
        limits: { fileSize: 1024 ** 3, files: 1 },
      }),
    }),
  ],
  controllers: [FilesController],
})
export class FilesModule {}
