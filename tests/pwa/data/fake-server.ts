/**
 * A small model of the server, as far as the data layer can tell: PUT by id, receipts, tus, the feed. Every request
 * may meet one of the faults of a bad network. It is a `fetch`.
 */
import { makeClient, type Client } from "#lib/api/client.ts";
import { sha256, sha256Hex } from "#lib/photo/sha256.ts";

/** What happens to one request. */
export type Fault =
  | "ok"
  /** Never arrives. */
  | "drop_before"
  /** Arrives and counts; the answer is lost. */
  | "drop_after"
  | "unavailable"
  | "bad_gateway"
  /** A café's sign-in page: 200 and HTML. */
  | "portal"
  /** Another one: 200 and JSON that is not ours. */
  | "foreign_json"
  | "cut_json"
  | "proxy_403"
  /** A proxy that lets nothing so large through: no problem+json. */
  | "proxy_413"
  | "busy"
  | "crowded"
  | "signed_out";

interface StoredRow {
  id: string;
  report: string;
  content: string;
  shas: string[];
}

interface StoredUpload {
  sha: string;
  bytes: Uint8Array;
  length: number;
}

export class FakeServer {
  readonly rows: StoredRow[] = [];
  readonly uploads = new Map<string, StoredUpload>();
  /** SHA-256 → bytes, verified. */
  readonly stored = new Map<string, Uint8Array>();
  readonly edits: unknown[] = [];
  readonly requests: string[] = [];
  faults: Fault[] = [];
  /** It knows nothing of voice notes, and its receipts do not speak of them. */
  deaf = false;
  /** Content that is refused with 422, as the person must change it. */
  refuses: (
    content: Record<string, unknown>,
  ) => { status: number; code: string } | null = () => null;
  uploadedBytes = 0;
  #count = 0;

  readonly fetch: typeof fetch = async (input, init) => {
    const path = String(input);
    const method = init?.method ?? "GET";
    this.requests.push(`${method} ${path}`);
    const fault = this.faults.shift() ?? "ok";
    // What a dropped line costs: every answer comes in a later turn.
    await Promise.resolve();
    const early = answerOf(fault);
    if (fault === "drop_before") throw new TypeError("fetch failed");
    if (early) return early;
    const answer = await this.#answer(method, path, init ?? {});
    if (fault === "drop_after") throw new TypeError("fetch failed");
    if (
      fault === "cut_json" &&
      answer.headers.get("content-type")?.includes("json")
    ) {
      const text = await answer.text();
      return new Response(text.slice(0, text.length / 2), answer);
    }
    return answer;
  };

  get client(): Client {
    return makeClient({ fetch: this.fetch, language: () => "en" });
  }

  /** Ids of a report's rows in the order in which they came. */
  thread(report: string): string[] {
    return this.rows
      .filter((row) => row.report === report)
      .map((row) => row.id);
  }

  async #answer(
    method: string,
    path: string,
    init: RequestInit,
  ): Promise<Response> {
    if (path.startsWith("/api/uploads")) return this.#tus(method, path, init);
    const body = init.body
      ? (JSON.parse(String(init.body)) as Record<string, unknown>)
      : {};
    const refused = this.refuses(body);
    if (refused) return problem(refused.status, refused.code);
    const [, , , report = "", what, id] = path.split("/");
    if (path.startsWith("/api/reports/") && method === "PATCH") {
      this.edits.push(body);
      return json(200, { id: report });
    }
    if (what === "read-marker") return new Response(null, { status: 204 });
    if (path.startsWith("/api/reports/"))
      return this.#row(report, id ?? report, body);
    if (path === "/api/notifications/read")
      return new Response(null, { status: 204 });
    if (path === "/api/config") return json(200, { push_key: "k" });
    if (path === "/api/me") return json(200, { session_id: "s", ...body });
    return problem(404, "not_found");
  }

  #row(report: string, id: string, body: Record<string, unknown>): Response {
    const content = JSON.stringify(body);
    const shas = ((body["photos"] ?? []) as { sha256: string }[]).map(
      (photo) => photo.sha256,
    );
    const voice = body["voice"] as { sha256: string } | undefined;
    const receipt = (sha256: string) => ({
      id: sha256.slice(0, 8),
      sha256,
      stored: this.stored.has(sha256),
    });
    const known = this.rows.find((row) => row.id === id);
    if (known && known.content !== content) return problem(422, "id_reused");
    if (id !== report && !this.rows.some((row) => row.id === report))
      return problem(404, "not_found");
    if (!known) this.rows.push({ id, report, content, shas });
    return json(known ? 200 : 201, {
      id,
      seq: this.thread(report).indexOf(id) + 1,
      code: "K7P-2QF-9",
      state: "submitted",
      received_at: "2026-01-01T00:00:00Z",
      area_id: "area",
      department_id: null,
      photos: shas.map(receipt),
      voice: voice && !this.deaf ? receipt(voice.sha256) : null,
    });
  }

  async #tus(
    method: string,
    path: string,
    init: RequestInit,
  ): Promise<Response> {
    const headers = new Headers(init.headers);
    if (headers.get("tus-resumable") !== "1.0.0")
      return problem(412, "tus_version");
    if (method === "POST") return this.#create(headers);
    const upload = this.uploads.get(path);
    if (!upload) return tus(404);
    if (method === "HEAD")
      return tus(200, { "upload-offset": String(upload.bytes.length) });
    return this.#patch(
      path,
      upload,
      headers,
      new Uint8Array(init.body as ArrayBuffer),
    );
  }

  #create(headers: Headers): Response {
    const metadata = Object.fromEntries(
      (headers.get("upload-metadata") ?? "")
        .split(",")
        .map((pair) => pair.split(" ") as [string, string]),
    );
    const sha = atob(metadata["sha256"] ?? "");
    const length = Number(headers.get("upload-length"));
    const begun = [...this.uploads].find(
      ([, upload]) => upload.sha === sha && upload.length === length,
    );
    const at = begun?.[0] ?? `/api/uploads/${++this.#count}`;
    const bytes = this.stored.get(sha) ?? begun?.[1].bytes ?? new Uint8Array();
    this.uploads.set(at, { sha, length, bytes });
    return tus(201, {
      location: `http://somewhere.example${at}`,
      "upload-offset": String(bytes.length),
    });
  }

  async #patch(
    path: string,
    upload: StoredUpload,
    headers: Headers,
    chunk: Uint8Array,
  ): Promise<Response> {
    if (Number(headers.get("upload-offset")) !== upload.bytes.length)
      return tus(409);
    this.uploadedBytes += chunk.length;
    const [algorithm, sum] = (headers.get("upload-checksum") ?? "").split(" ");
    const real = btoa(
      String.fromCharCode(...(await sha256(chunk.slice().buffer))),
    );
    if (algorithm !== "sha256" || sum !== real) return tus(460);
    const bytes = new Uint8Array(upload.bytes.length + chunk.length);
    bytes.set(upload.bytes);
    bytes.set(chunk, upload.bytes.length);
    upload.bytes = bytes;
    if (bytes.length === upload.length) {
      if ((await sha256Hex(bytes.slice().buffer)) !== upload.sha) {
        this.uploads.delete(path);
        return tus(460);
      }
      this.stored.set(upload.sha, bytes);
    }
    return tus(204, { "upload-offset": String(bytes.length) });
  }
}

function answerOf(fault: Fault): Response | null {
  switch (fault) {
    case "unavailable":
      return problem(503, "unavailable");
    case "crowded":
      return problem(503, "busy", { "retry-after": "5" });
    case "bad_gateway":
      return html(502);
    case "portal":
      return html(200);
    case "foreign_json":
      return json(200, { welcome: true });
    case "proxy_403":
      return html(403);
    case "proxy_413":
      return html(413);
    case "busy":
      return problem(429, "too_many", { "retry-after": "7" });
    case "signed_out":
      return problem(401, "signed_out");
    default:
      return null;
  }
}

function html(status: number): Response {
  return new Response("<h1>Welcome</h1>", {
    status,
    headers: { "content-type": "text/html" },
  });
}

export function json(status: number, body: unknown): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { "content-type": "application/json" },
  });
}

export function problem(
  status: number,
  code: string,
  headers: Record<string, string> = {},
): Response {
  const body = {
    type: "about:blank",
    title: code,
    detail: `about ${code}`,
    status,
    code,
  };
  return new Response(JSON.stringify(body), {
    status,
    headers: { ...headers, "content-type": "application/problem+json" },
  });
}

function tus(status: number, headers: Record<string, string> = {}): Response {
  return new Response(null, {
    status,
    headers: { ...headers, "tus-resumable": "1.0.0" },
  });
}
