//! Requests to other servers, through the `worker` crate.

use futures_util::TryStreamExt;
use worker::web_sys;
use worker::{
    AbortSignal, Error, Fetch, Headers, Method, Request, RequestInit, RequestRedirect, Response,
    ResponseBody,
};

use super::turns::foreign;
use vestibule::domain::http::{HttpError, HttpMethod, HttpRequest, HttpResponse};
use vestibule::ports::MAX_ANSWER;

/// Sends a request and reads the response, up to [`MAX_ANSWER`] bytes. Redirects aren't followed.
pub async fn send(request: HttpRequest) -> Result<HttpResponse, HttpError> {
    let milliseconds = request.timeout.0.saturating_mul(1000);
    let signal = AbortSignal::from(web_sys::AbortSignal::timeout_with_u32(milliseconds));
    let failed = |_: Error| match signal.aborted() {
        true => HttpError::Timeout,
        false => HttpError::Unreachable,
    };
    let fetch = Fetch::Request(written(request).map_err(failed)?);
    let mut response = foreign(fetch.send_with_signal(&signal)).await.map_err(failed)?;
    let status = response.status_code();
    if (300..400).contains(&status) {
        // A stream that is dropped cancels the body, so the connection is free again.
        drop(response.stream());
        return Err(HttpError::Redirect);
    }
    let content_type = response.headers().get("content-type").ok().flatten().unwrap_or_default();
    let body = match foreign(read(&mut response)).await.map_err(failed)? {
        Some(body) => text(&body),
        None => return Err(HttpError::TooLarge),
    };
    Ok(HttpResponse { status, content_type, body })
}

fn written(request: HttpRequest) -> Result<Request, Error> {
    let headers = Headers::new();
    for (name, value) in &request.headers {
        let value: String = value.chars().filter(|c| !c.is_control()).collect();
        headers.append(name, &value)?;
    }
    let mut init = RequestInit::new();
    init.with_method(match request.method {
        HttpMethod::Get => Method::Get,
        HttpMethod::Post => Method::Post,
        HttpMethod::Delete => Method::Delete,
    });
    init.with_headers(headers);
    init.with_redirect(RequestRedirect::Manual);
    init.with_body(request.body.map(Into::into));
    Request::new_with_init(&request.url, &init)
}

/// The body; `None` if it is longer than [`MAX_ANSWER`]. The rest is then not read.
async fn read(response: &mut Response) -> Result<Option<Vec<u8>>, Error> {
    let mut body = Vec::new();
    if matches!(response.body(), ResponseBody::Empty) {
        return Ok(Some(body));
    }
    let mut chunks = response.stream()?;
    while let Some(chunk) = chunks.try_next().await? {
        if body.len().saturating_add(chunk.len()) > MAX_ANSWER {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

/// The body as text, without a byte order mark, as `Response.text()` decodes it (Fetch §5.2).
fn text(body: &[u8]) -> String {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    String::from_utf8_lossy(body).into_owned()
}
