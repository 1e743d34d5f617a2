/** Why the live tail is closed to us. EventSource keeps the answer to itself, so the same is asked once more and read. */
import { ApiError } from "../../api";
import { lost } from "../../session";
import { texts } from "../../texts";

export async function refusal(parameters: Record<string, string>): Promise<ApiError> {
  const control = new AbortController();
  try {
    const response = await fetch(`/api/v1/live?${new URLSearchParams(parameters)}`, { credentials: "same-origin", signal: control.signal });
    if (response.ok) return new ApiError(0, texts.events.live.unknown);
    if (response.status === 401) lost();
    const wrong = (await response.json().catch(() => ({}))) as { error?: string; message?: string };
    return new ApiError(response.status, wrong.message ?? wrong.error ?? texts.events.live.unknown);
  } catch {
    return new ApiError(0, texts.events.live.unknown);
  } finally {
    control.abort();
  }
}
