/*
 * The types of the module `partykit/server`, for projects that have not installed PartyKit.
 *
 * They declare what PartyKit 0.0.115 declares, name for name, so that a project type-checks against
 * either. The examples reach this file through `paths` in `examples/tsconfig.base.json`. They need
 * TypeScript's own `ES2022` and `DOM` libraries, nothing else: what the Workers platform has beyond
 * a browser is declared here. The host never reads this file, and at run time the module is empty:
 * import types from it only.
 *
 *   import type * as Party from "partykit/server";
 *   export default class implements Party.Server { … }
 *
 * In order: a party and its room, what is around a room, hooks before a room, the style without
 * classes, the platform, and old names.
 */

// --- A party and its room ------------------------------------------------------------------------

/** The class of a party. The host makes one instance per room and calls these methods on it. */
export type Server = {
  /** How the host should run rooms of this party. An instance field; a static one does nothing. */
  readonly options?: ServerOptions;

  /** Tags a new connection for `room.getConnections(tag)`: up to 9 tags of 256 characters. */
  getConnectionTags?(
    connection: Connection,
    context: ConnectionContext,
  ): string[] | Promise<string[]>;

  /** Before the first event of this instance: the place to load what the room has stored. */
  onStart?(): void | Promise<void>;

  /** A client has opened a WebSocket. The client's `open` event comes when this has resolved. */
  onConnect?(connection: Connection, ctx: ConnectionContext): void | Promise<void>;

  /** A client has sent a message. Binary messages are ArrayBuffers. */
  onMessage?(
    message: string | ArrayBuffer | ArrayBufferView,
    sender: Connection,
  ): void | Promise<void>;

  /** A connection is gone. It is no longer in `room.getConnections()`. */
  onClose?(connection: Connection): void | Promise<void>;

  /** A connection has failed: a protocol error or a message that is too large. */
  onError?(connection: Connection, error: Error): void | Promise<void>;

  /** An HTTP request to the room's URL, or to anything below it. */
  onRequest?(req: Request): Response | Promise<Response>;

  /** The time given to `room.storage.setAlarm` has come. Retried if it throws. */
  onAlarm?(): void | Promise<void>;
};

export type ServerOptions = {
  /** Lets the host drop a quiet room from memory while its sockets stay open. Default `false`. */
  hibernate?: boolean;
};

/** One room of a party: its connections, its storage, and the way to other rooms. */
export type Room = {
  /** The room's name in its URL, `/parties/:name/:id`, as it stands there: not percent-decoded. */
  id: string;
  /** 64 hexadecimal digits that stand for party and room. */
  internalID: string;
  /** The name of the party, `/parties/:name/:id`. */
  name: string;
  /** Variables from `vars` in partykit.json, .env files and `--var`. */
  env: Record<string, unknown>;
  /** Durable keys and values of this room alone. */
  storage: Storage;
  /** Holds back every other event of this room until `callback` has settled. */
  blockConcurrencyWhile: <T>(callback: () => Promise<T>) => Promise<T>;
  /** Other parties and resources of the project. */
  context: Context;
  /** Sends to every connection, except to those whose ids are in `without`. */
  broadcast: (msg: string | ArrayBuffer | ArrayBufferView, without?: string[] | undefined) => void;
  /** The connection with this id. */
  getConnection<TState = unknown>(id: string): Connection<TState> | undefined;
  /** All connections, or those with a tag. May be walked through once. */
  getConnections<TState = unknown>(tag?: string): Iterable<Connection<TState>>;
  /** Accepts data points of Cloudflare's Analytics Engine. */
  analytics: AnalyticsEngineDataset;
  /** @deprecated Use `getConnections()`. */
  connections: Map<string, Connection>;
  /** @deprecated Use `context.parties`. */
  parties: Context["parties"];
};

/** A client's WebSocket, as the room sees it. */
export type Connection<TState = unknown> = WebSocket & {
  /** The client's `_pk`, or a random UUID. */
  id: string;
  /** The URL the client asked for, with its query. */
  uri: string;
  /** What `setState` was given last; null at first. Survives hibernation. */
  state: ConnectionState<TState>;
  /** Replaces the state by a value, or by what a function makes of it. */
  setState(state: TState | ConnectionSetStateFn<TState> | null): ConnectionState<TState>;
  /** @deprecated A connection is its own socket. */
  socket: WebSocket;
  /** @deprecated Use `setState`. */
  serializeAttachment<T = unknown>(attachment: T): void;
  /** @deprecated Use `state`. */
  deserializeAttachment<T = unknown>(): T | null;
};

export type ConnectionState<T> = ImmutableObject<T> | null;
export type ConnectionSetStateFn<T> = (prevState: ConnectionState<T>) => T;

/** What is known only while a connection is made. */
export type ConnectionContext = {
  /** The request that asked for the WebSocket. */
  request: Request;
};

type Immutable<T> = T extends undefined | null | boolean | string | number
  ? T
  : T extends Array<infer Item>
    ? ReadonlyArray<Immutable<Item>>
    : T extends Map<infer Key, infer Value>
      ? ReadonlyMap<Immutable<Key>, Immutable<Value>>
      : T extends Set<infer Member>
        ? ReadonlySet<Immutable<Member>>
        : ImmutableObject<T>;
type ImmutableObject<T> = { readonly [Key in keyof T]: Immutable<T[Key]> };

// --- What is around a room -----------------------------------------------------------------------

export type Context = {
  /** The parties of the project by name, `main` included. */
  parties: Record<string, { get(id: string): Stub }>;
  /** The `ai` setting of partykit.json. */
  ai: AI;
  /** The indexes of `vectorize` in partykit.json. */
  vectorize: Record<string, VectorizeIndex>;
  /** The files of `serve` in partykit.json. */
  assets: AssetFetcher;
  /** The `bindings` of partykit.json. */
  bindings: CustomBindings;
};

/** A handle on a room. Calls stay inside the host and skip `onBeforeRequest`, `onBeforeConnect`. */
export type Stub = {
  /** Sends a request to the room. A path starts with `/` and is taken from the room's URL on. */
  fetch(pathOrInit?: string | RequestInit | ReturnRequest): Promise<Response>;
  fetch(path: string, init?: RequestInit | ReturnRequest): Promise<Response>;
  /** Opens a WebSocket to the room. It is open already when the promise resolves. */
  socket(pathOrInit?: string | RequestInit): Promise<WebSocket>;
  socket(path: string, init?: RequestInit): Promise<WebSocket>;
  /** @deprecated Use `await socket()`. */
  connect: () => WebSocket;
};

export type AI = Record<string, never>;

type AssetFetcher = {
  /** The file at a path that starts with `/`, or null. */
  fetch(path: string): Promise<Response | null>;
};

type CustomBindings = { r2: Record<string, R2Bucket>; kv: Record<string, KVNamespace> };

/** What `onFetch` and `onSocket` get in place of a room. */
export type FetchLobby = {
  env: Record<string, unknown>;
  ai: AI;
  parties: Context["parties"];
  vectorize: Context["vectorize"];
  analytics: AnalyticsEngineDataset;
  assets: AssetFetcher;
  bindings: CustomBindings;
};

/** What `onCron` gets in place of a room. */
export type CronLobby = FetchLobby;

/** What `onBeforeConnect` and `onBeforeRequest` get in place of a room. */
export type Lobby = FetchLobby & {
  /** The id of the room the request is for. */
  id: string;
};

export type StaticAssetsManifestType = {
  devServer: string;
  browserTTL: number | null | undefined;
  edgeTTL: number | null | undefined;
  singlePageApp: boolean | undefined;
  assets: Record<string, string>;
  assetInfo?: Record<string, { fileSize: number; fileHash: string; fileName: string }>;
};

// --- Hooks before a room -------------------------------------------------------------------------

/**
 * The static methods of a party's class. They run outside of every room. Check a class against
 * them with `ClassName satisfies Party.Worker`.
 */
export type Worker = ServerConstructor & {
  /** HTTP requests that are for no room and no file. `main` only. */
  onFetch?(
    req: Request,
    lobby: FetchLobby,
    ctx: ExecutionContext,
  ): Response | undefined | null | Promise<Response | null | undefined>;

  /** WebSockets that are for no room. `main` only. */
  onSocket?(socket: FetchSocket, lobby: FetchLobby, ctx: ExecutionContext): void | Promise<void>;

  /** Before an HTTP request to a room. A Request goes on to the room; a Response is the answer. */
  onBeforeRequest?(
    req: Request,
    lobby: Lobby,
    ctx: ExecutionContext,
  ): Request | Response | Promise<Request | Response>;

  /** Before a WebSocket to a room. A Request goes on to the room; a Response refuses it. */
  onBeforeConnect?(
    req: Request,
    lobby: Lobby,
    ctx: ExecutionContext,
  ): Request | Response | Promise<Request | Response>;

  /** At the times of `crons` in partykit.json. `main` only. */
  onCron?(controller: Cron, lobby: CronLobby, ctx: ExecutionContext): Response | Promise<Response>;
};

type ServerConstructor = { new (room: Room): Server };

/** The server's end of a WebSocket in `onSocket`. */
export type FetchSocket = WebSocket & { request: Request };

/** One run of a cron. */
export type Cron = ScheduledController & {
  /** Its name in `crons`. */
  name: string;
};

// --- The style without classes -------------------------------------------------------------------

/**
 * A party as an object of functions that get the room as an argument. `onMessage` or a missing
 * `onConnect` makes it hibernate. New code had better be a class, see `Server`.
 */
export type PartyKitServer = {
  onConnect?: (connection: Connection, room: Room, ctx: ConnectionContext) => void | Promise<void>;
  onMessage?: (
    message: string | ArrayBuffer | ArrayBufferView,
    connection: Connection,
    room: Room,
  ) => void | Promise<void>;
  onClose?: (connection: Connection, room: Room) => void | Promise<void>;
  onError?: (connection: Connection, err: Error, room: Room) => void | Promise<void>;
  onRequest?: (req: Request, room: Room) => Response | Promise<Response>;
  onAlarm?: (room: Omit<Room, "id" | "parties">) => void | Promise<void>;
  onBeforeRequest?: (
    req: Request,
    lobby: Lobby,
    ctx: ExecutionContext,
  ) => ReturnRequest | Response | Promise<ReturnRequest | Response>;
  onBeforeConnect?: (
    req: Request,
    lobby: Lobby,
    ctx: ExecutionContext,
  ) => ReturnRequest | Response | Promise<ReturnRequest | Response>;
  onFetch?: (
    req: Request,
    lobby: FetchLobby,
    ctx: ExecutionContext,
  ) => Response | null | undefined | Promise<Response | null | undefined>;
  /** @deprecated Use `onFetch`. */
  unstable_onFetch?: PartyKitServer["onFetch"];
  onSocket?(socket: FetchSocket, lobby: FetchLobby, ctx: ExecutionContext): void | Promise<void>;
  onCron?: (controller: Cron, lobby: CronLobby, ctx: ExecutionContext) => void | Promise<void>;
};

// --- The platform: requests and sockets ----------------------------------------------------------

/** A request as the platform hands it over. */
export interface Request extends globalThis.Request {
  /** What the edge knows about the client. */
  readonly cf?: RequestProperties;
}

type ReturnRequest = globalThis.Request | Request;

interface RequestProperties {
  readonly asn?: number;
  readonly asOrganization?: string;
  readonly city?: string;
  readonly colo?: string;
  readonly continent?: string;
  readonly country?: string;
  readonly httpProtocol?: string;
  readonly latitude?: string;
  readonly longitude?: string;
  readonly postalCode?: string;
  readonly region?: string;
  readonly regionCode?: string;
  readonly timezone?: string;
  readonly tlsCipher?: string;
  readonly tlsVersion?: string;
  readonly [name: string]: unknown;
}

interface WebSocket extends globalThis.WebSocket {
  /** Begins to receive on an end of a `WebSocketPair`. */
  accept(): void;
}

export interface ExecutionContext {
  /** Keeps the event alive until `promise` has settled. */
  waitUntil(promise: Promise<unknown>): void;
  passThroughOnException(): void;
}

interface ScheduledController {
  /** In milliseconds since 1970. */
  readonly scheduledTime: number;
  /** The cron expression. */
  readonly cron: string;
  noRetry(): void;
}

// --- The platform: storage -----------------------------------------------------------------------

/** Durable keys and values of a room, in the order of their UTF-8 bytes. */
export interface Storage extends StorageAccess {
  /** Deletes every key. A pending alarm stays. */
  deleteAll(options?: WriteOptions): Promise<void>;
  /** Runs `closure` with no other event in between; if it throws, its writes are undone. */
  transaction<T>(closure: (txn: StorageTransaction) => Promise<T>): Promise<T>;
  /** The same for a function that does not wait. */
  transactionSync<T>(closure: () => T): T;
  /** Resolves when everything written so far is durable. */
  sync(): Promise<void>;
}

interface StorageTransaction extends StorageAccess {
  /** Undoes the transaction's writes. */
  rollback(): void;
}

interface StorageAccess {
  get<T = unknown>(key: string, options?: ReadOptions): Promise<T | undefined>;
  get<T = unknown>(keys: string[], options?: ReadOptions): Promise<Map<string, T>>;
  list<T = unknown>(options?: ListOptions): Promise<Map<string, T>>;
  put<T>(key: string, value: T, options?: WriteOptions): Promise<void>;
  put<T>(entries: Record<string, T>, options?: WriteOptions): Promise<void>;
  /** Whether there was such a key; of several keys, how many there were. */
  delete(key: string, options?: WriteOptions): Promise<boolean>;
  delete(keys: string[], options?: WriteOptions): Promise<number>;
  /** When `onAlarm` will run, in milliseconds since 1970, or null. */
  getAlarm(options?: ReadOptions): Promise<number | null>;
  /** Has `onAlarm` run at that time. A room has one alarm: this replaces an earlier one. */
  setAlarm(scheduledTime: number | Date, options?: WriteOptions): Promise<void>;
  deleteAlarm(options?: WriteOptions): Promise<void>;
}

interface ReadOptions {
  allowConcurrency?: boolean;
  noCache?: boolean;
}

interface WriteOptions {
  allowConcurrency?: boolean;
  /** Lets answers leave before the write is durable. */
  allowUnconfirmed?: boolean;
  noCache?: boolean;
}

interface ListOptions extends ReadOptions {
  /** First key, inclusive. */
  start?: string;
  /** First key, exclusive. Not together with `start`. */
  startAfter?: string;
  /** Last key, exclusive. */
  end?: string;
  prefix?: string;
  reverse?: boolean;
  limit?: number;
}

// --- The platform: bindings ----------------------------------------------------------------------

interface AnalyticsEngineDataset {
  writeDataPoint(event?: {
    indexes?: ((ArrayBuffer | string) | null)[];
    doubles?: number[];
    blobs?: ((ArrayBuffer | string) | null)[];
  }): void;
}

type VectorValues = Float32Array | Float64Array | number[];
type VectorMetadataValue = string | number | boolean | string[];
type VectorMetadata = Record<string, VectorMetadataValue | Record<string, VectorMetadataValue>>;

interface Vector {
  id: string;
  values: VectorValues;
  namespace?: string;
  metadata?: VectorMetadata;
}

type VectorMatch = Partial<Vector> & { id: string; score: number };

type VectorMutation = { ids: string[]; count: number };

interface VectorizeIndex {
  describe(): Promise<{
    id: string;
    name: string;
    description?: string;
    config: { dimensions: number; metric: string } | { preset: string };
    vectorsCount: number;
  }>;
  query(
    vector: VectorValues,
    options?: {
      topK?: number;
      namespace?: string;
      returnValues?: boolean;
      returnMetadata?: boolean | "all" | "indexed" | "none";
      filter?: Record<string, unknown>;
    },
  ): Promise<{ matches: VectorMatch[]; count: number }>;
  insert(vectors: Vector[]): Promise<VectorMutation>;
  upsert(vectors: Vector[]): Promise<VectorMutation>;
  deleteByIds(ids: string[]): Promise<VectorMutation>;
  getByIds(ids: string[]): Promise<Vector[]>;
}

type BodyValue = ReadableStream | ArrayBuffer | ArrayBufferView | string;

interface KVNamespace {
  get(key: string, type?: "text" | { type?: "text"; cacheTtl?: number }): Promise<string | null>;
  get<T = unknown>(
    key: string,
    type: "json" | { type: "json"; cacheTtl?: number },
  ): Promise<T | null>;
  get(
    key: string,
    type: "arrayBuffer" | { type: "arrayBuffer"; cacheTtl?: number },
  ): Promise<ArrayBuffer | null>;
  get(
    key: string,
    type: "stream" | { type: "stream"; cacheTtl?: number },
  ): Promise<ReadableStream | null>;
  getWithMetadata<Metadata = unknown>(
    key: string,
  ): Promise<{ value: string | null; metadata: Metadata | null; cacheStatus: string | null }>;
  put(
    key: string,
    value: BodyValue,
    options?: { expiration?: number; expirationTtl?: number; metadata?: unknown },
  ): Promise<void>;
  delete(key: string): Promise<void>;
  list<Metadata = unknown>(options?: {
    limit?: number;
    prefix?: string | null;
    cursor?: string | null;
  }): Promise<{
    keys: { name: string; expiration?: number; metadata?: Metadata }[];
    list_complete: boolean;
    cursor?: string;
    cacheStatus: string | null;
  }>;
}

interface R2Object {
  readonly key: string;
  readonly version: string;
  readonly size: number;
  readonly etag: string;
  readonly httpEtag: string;
  readonly uploaded: Date;
  readonly httpMetadata?: R2HttpMetadata;
  readonly customMetadata?: Record<string, string>;
  writeHttpMetadata(headers: Headers): void;
}

type R2ObjectBody = R2Object & Pick<Body, "bodyUsed" | "text" | "blob" | "arrayBuffer"> & {
  readonly body: ReadableStream;
  json<T>(): Promise<T>;
};

interface R2HttpMetadata {
  contentType?: string;
  contentLanguage?: string;
  contentDisposition?: string;
  contentEncoding?: string;
  cacheControl?: string;
  cacheExpiry?: Date;
}

interface R2Bucket {
  head(key: string): Promise<R2Object | null>;
  get(
    key: string,
    options?: { range?: { offset?: number; length?: number } | { suffix: number } | Headers },
  ): Promise<R2ObjectBody | null>;
  put(
    key: string,
    value: BodyValue | Blob | null,
    options?: { httpMetadata?: R2HttpMetadata; customMetadata?: Record<string, string> },
  ): Promise<R2Object>;
  delete(keys: string | string[]): Promise<void>;
  list(options?: {
    limit?: number;
    prefix?: string;
    cursor?: string;
    delimiter?: string;
    startAfter?: string;
  }): Promise<{
    objects: R2Object[];
    delimitedPrefixes: string[];
    truncated: boolean;
    cursor?: string;
  }>;
}

// --- The platform: globals that a browser does not have ------------------------------------------

declare global {
  /** Two ends of a socket; give one to `new Response(null, { status: 101, webSocket })`. */
  var WebSocketPair: { new (): { 0: WebSocketEnd; 1: WebSocketEnd } };
  interface WebSocketEnd extends WebSocket {
    accept(): void;
  }
  interface ResponseInit {
    webSocket?: WebSocket | null;
  }
  interface Response {
    readonly webSocket?: WebSocketEnd | null;
  }
  interface CacheStorage {
    readonly default: Cache;
  }
  interface SubtleCrypto {
    timingSafeEqual(a: ArrayBuffer | ArrayBufferView, b: ArrayBuffer | ArrayBufferView): boolean;
  }
  interface Scheduler {
    /** Resolves after that many milliseconds. */
    wait(delay: number): Promise<void>;
  }
  var scheduler: Scheduler;
  type ByteStream = TransformStream<Uint8Array, Uint8Array>;
  var FixedLengthStream: { new (expectedLength: number): ByteStream };
  var IdentityTransformStream: { new (): ByteStream };
  namespace NodeJS {
    interface ProcessEnv {
      [name: string]: string | undefined;
    }
    interface Process {
      env: ProcessEnv;
    }
  }
  /** `process.env` holds the pairs of .env files. */
  var process: NodeJS.Process;
}

// --- Old names -----------------------------------------------------------------------------------

/** @deprecated Use `Room`. */
export type Party = Room;
/** @deprecated Use `Room`. */
export type PartyKitRoom = Room;
/** @deprecated Use `Request`. */
export type PartyRequest = Request;
/** @deprecated Use `Storage`. */
export type PartyStorage = Storage;
/** @deprecated Use `Storage`. */
export type PartyKitStorage = Storage;
/** @deprecated Use `ConnectionContext`. */
export type PartyConnectionContext = ConnectionContext;
/** @deprecated Use `ConnectionContext`. */
export type PartyKitContext = ConnectionContext;
/** @deprecated Use `Stub`. */
export type PartyStub = Stub;
/** @deprecated Use `Context`. */
export type PartyContext = Context;
/** @deprecated Use `FetchLobby`. */
export type PartyFetchLobby = FetchLobby;
/** @deprecated Use `Lobby`. */
export type PartyLobby = Lobby;
/** @deprecated Use `ExecutionContext`. */
export type PartyExecutionContext = ExecutionContext;
/** @deprecated Use `Connection`. */
export type PartyConnection = Connection;
/** @deprecated Use `Connection`. */
export type PartyKitConnection = Connection;
/** @deprecated Use `Server`. */
export type PartyServer = Server;
/** @deprecated Use `Worker`. */
export type PartyWorker = Worker;
/** @deprecated Use `ServerOptions`. */
export type PartyServerOptions = ServerOptions;
