import { createRequire } from 'node:module'
import type BetterSqlite from 'better-sqlite3'
import { HomebeatError } from './errors.js'

/** The Node-API that better-sqlite3 13 is built on; Node 22.14 and 23.6 brought it, on an older Node 13 crashes. */
const NODE_API = 10

/** The package that runs on a Node with this Node-API; better-sqlite3 12 in its turn aborts Node 24.19 and later. */
export function sqlitePackage(nodeApi: number): string {
  return nodeApi >= NODE_API ? 'better-sqlite3' : 'better-sqlite3-12'
}

/**
 * Both packages are optional for npm, so a failed install is seen only here.
 * @returns the package, or where it is missing a class that throws HomebeatError `sqlite.missing` when a file is opened.
 */
export function loadSqlite(name: string): typeof BetterSqlite {
  try {
    return createRequire(import.meta.url)(name) as typeof BetterSqlite
  } catch (cause) {
    class Missing {
      static readonly SqliteError = class extends Error {}
      constructor() {
        throw new HomebeatError(
          'sqlite.missing',
          `SQLite does not load on Node ${process.version} (${name}): run "npm ci" again with this Node. On Node 20 it is compiled, which needs g++, make and python3; from 22.14 on nothing is.`,
          { cause },
        )
      }
    }
    return Missing as unknown as typeof BetterSqlite
  }
}

export namespace Sqlite {
  export type Database = BetterSqlite.Database
  export type Statement = BetterSqlite.Statement
}

/** SQLite, in the version that this Node runs. No other file names its packages. */
export const Sqlite = loadSqlite(sqlitePackage(Number(process.versions['napi'])))
