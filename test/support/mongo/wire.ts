// Messages of MongoDB's wire protocol: OP_MSG, and OP_QUERY with its OP_REPLY for a driver's first hello.
// https://github.com/mongodb/specifications/blob/master/source/message/OP_MSG.md

import { deserialize, serialize } from 'bson';

export type Document = Record<string, unknown>;

export interface Request {
  readonly requestId: number;
  readonly opCode: number;
  /** Documents of kind 1 sections are in the field that the section names. */
  readonly command: Document;
  /** False when the client says that it will not read one. */
  readonly wantsReply: boolean;
}

const HEADER = 16;
const MAX_LENGTH = 48_000_000;
const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;

const CHECKSUM_PRESENT = 1;
const MORE_TO_COME = 2;
/** A server must refuse flags that it does not know among these. */
const REQUIRED_FLAGS = 0xffff;

/** The whole messages that `bytes` begins with, and the bytes after them. */
export function split(bytes: Buffer): { readonly messages: readonly Buffer[]; readonly rest: Buffer } {
  const messages: Buffer[] = [];
  let rest = bytes;
  while (rest.length >= 4) {
    const length = rest.readInt32LE(0);
    if (length < HEADER || length > MAX_LENGTH) throw new Error(`a message of ${length} bytes`);
    if (rest.length < length) break;
    messages.push(rest.subarray(0, length));
    rest = rest.subarray(length);
  }
  return { messages, rest };
}

function documentAt(bytes: Buffer, offset: number): { readonly document: Document; readonly end: number } {
  const end = offset + bytes.readInt32LE(offset);
  return { document: deserialize(bytes.subarray(offset, end)), end };
}

function textAt(bytes: Buffer, offset: number): { readonly text: string; readonly end: number } {
  const end = bytes.indexOf(0, offset);
  return { text: bytes.toString('utf8', offset, end), end: end + 1 };
}

function documentsBetween(bytes: Buffer, start: number, end: number): readonly Document[] {
  const documents: Document[] = [];
  for (let offset = start; offset < end;) {
    const next = documentAt(bytes, offset);
    documents.push(next.document);
    offset = next.end;
  }
  return documents;
}

function parseMsg(bytes: Buffer): Omit<Request, 'requestId' | 'opCode'> {
  const flags = bytes.readUInt32LE(HEADER);
  if ((flags & REQUIRED_FLAGS & ~(CHECKSUM_PRESENT | MORE_TO_COME)) !== 0)
    throw new Error(`OP_MSG flags ${flags.toString(2)}`);
  const end = bytes.length - ((flags & CHECKSUM_PRESENT) === 0 ? 0 : 4);
  const sections: Document = {};
  let command: Document = {};
  for (let offset = HEADER + 4; offset < end;) {
    const kind = bytes[offset];
    if (kind === 0) {
      const body = documentAt(bytes, offset + 1);
      command = body.document;
      offset = body.end;
    } else if (kind === 1) {
      const sectionEnd = offset + 1 + bytes.readInt32LE(offset + 1);
      const field = textAt(bytes, offset + 5);
      sections[field.text] = documentsBetween(bytes, field.end, sectionEnd);
      offset = sectionEnd;
    } else throw new Error(`OP_MSG section of kind ${kind}`);
  }
  return { command: { ...command, ...sections }, wantsReply: (flags & MORE_TO_COME) === 0 };
}

function parseQuery(bytes: Buffer): Omit<Request, 'requestId' | 'opCode'> {
  const collection = textAt(bytes, HEADER + 4);
  const { document } = documentAt(bytes, collection.end + 8);
  return { command: { ...document, $db: collection.text.split('.')[0] }, wantsReply: true };
}

export function parse(bytes: Buffer): Request {
  const requestId = bytes.readInt32LE(4);
  const opCode = bytes.readInt32LE(12);
  if (opCode === OP_MSG) return { requestId, opCode, ...parseMsg(bytes) };
  if (opCode === OP_QUERY) return { requestId, opCode, ...parseQuery(bytes) };
  throw new Error(`unknown opcode ${opCode}`);
}

function message(responseTo: number, opCode: number, parts: readonly Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const header = Buffer.alloc(HEADER);
  header.writeInt32LE(HEADER + body.length, 0);
  header.writeInt32LE(responseTo, 8);
  header.writeInt32LE(opCode, 12);
  return Buffer.concat([header, body]);
}

/** The answer to a request, in the form in which it was asked. */
export function toReply({ requestId, opCode }: Request, document: Document): Buffer {
  const bytes = serialize(document);
  if (opCode === OP_MSG) return message(requestId, OP_MSG, [Buffer.alloc(5), bytes]);
  const fields = Buffer.alloc(20);
  fields.writeInt32LE(1, 16); // numberReturned
  return message(requestId, OP_REPLY, [fields, bytes]);
}
