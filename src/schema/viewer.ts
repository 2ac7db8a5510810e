// Who asks.

import { Field, ObjectType } from 'type-graphql';
import { defineEnum } from './names.ts';

export type RoleName = 'reader' | 'operator' | 'admin';

export const RoleEnum = defineEnum<RoleName>(
  'Role',
  'What somebody may do, each all that those before it may.',
  {
    reader: 'Reads and follows everything.',
    operator: 'Starts, pauses, resumes and cancels searches, and has architectures scored.',
    admin: 'Deletes searches.',
  },
);

@ObjectType({ description: 'Who asks: by a key or a token, or anonymous.' })
export class Viewer {
  @Field(() => String, { nullable: true, description: 'Name of the key or the token; null: anonymous.' })
  readonly name!: string | null;

  @Field(() => RoleEnum, { description: 'What may be asked for.' })
  readonly role!: RoleName;
}
