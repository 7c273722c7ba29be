//! Answers a read of stored bytes: conditions, ranges, headers, and a body that is read piece by piece on blocking threads.

use super::{
    conditional::{self, Etag, Verdict},
    disposition::{self, Disposition},
    range::{Selection, Span, select},
};
use crate::problem::{Answer, Kind, Problem};
use axum::{
    body::Body,
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    response::Response,
};
use bytes::Bytes;
use futures_util::{StreamExt, stream};
use std::sync::Arc;

/// Bytes read at once: large enough that the cost of a thread hop does not show, small enough that 100 viewers take
/// 100 MiB (one piece on its way to the client, one read ahead).
const PIECE: u64 = 512 * 1024;

/// Reads into the buffer from an offset and says how many bytes it put there; 0 means the end.
pub trait ReadAt: Send + Sync + 'static {
    /// Fills as much of the buffer as there are bytes.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, String>;
}
impl<F: Fn(u64, &mut [u8]) -> Result<usize, String> + Send + Sync + 'static> ReadAt for F {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, String> {
        self(offset, buffer)
    }
}

/// How long a browser or a proxy may keep the bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Caching {
    /// Ask each time whether they are still the same.
    Revalidate,
    /// Never ask again: the address changes when the bytes do.
    Immutable,
}

/// Stored bytes and what is said about them.
pub struct Content<R> {
    /// How many bytes.
    pub length: u64,
    /// Their type as recorded; served as it is only when it is passive.
    pub mime: String,
    /// Names these very bytes.
    pub etag: Etag,
    /// The name to save them under.
    pub file_name: String,
    /// Shown or saved.
    pub disposition: Disposition,
    /// How long they may be kept.
    pub caching: Caching,
    /// All of them, if they are in memory.
    pub at_hand: Option<Bytes>,
    /// Where they are read otherwise.
    pub reader: Arc<R>,
}

/// `sandbox` gives a document that is opened by its own address no origin and no scripts.
const CONTENT_POLICY: HeaderValue = HeaderValue::from_static("sandbox; default-src 'none'");

/// The response to a GET or HEAD of stored bytes.
///
/// The first piece is read before the status is sent, so that a damaged object is a 500 and not a broken 200.
pub async fn respond<R: ReadAt>(method: &Method, request: &HeaderMap, content: Content<R>) -> Answer<Response> {
    match conditional::for_read(request, &content.etag) {
        Verdict::Proceed => {}
        Verdict::NotModified => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = StatusCode::NOT_MODIFIED;
            common(response.headers_mut(), &content);
            return Ok(response);
        }
        Verdict::Failed => {
            return Err(Problem::new(
                Kind::PreconditionFailed,
                "It is not the version that you asked for.",
            ));
        }
    }
    let length = content.length;
    // RFC 9110, 14.2: Range is defined for GET only.
    let range = request.get(header::RANGE).and_then(|v| v.to_str().ok());
    let selection = match range {
        Some(range) if *method == Method::GET && conditional::range_applies(request, &content.etag) => {
            select(range, length)
        }
        _ => Selection::Whole,
    };
    let (mime, disposition) = disposition::served_as(&content.mime, content.disposition);
    // With those that the frame adds.
    let mut headers = HeaderMap::with_capacity(24);
    common(&mut headers, &content);
    headers.insert(
        header::CONTENT_DISPOSITION,
        disposition::header(disposition, &content.file_name),
    );
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(mime));
    let (status, parts) = match selection {
        Selection::Whole if length == 0 => (StatusCode::OK, vec![]),
        Selection::Whole => (StatusCode::OK, vec![Part::Stored(Span { start: 0, end: length })]),
        Selection::One(span) => {
            headers.insert(header::CONTENT_RANGE, value(span.content_range(length)));
            (StatusCode::PARTIAL_CONTENT, vec![Part::Stored(span)])
        }
        Selection::Many(spans) => {
            let boundary = boundary(&content.etag, &spans);
            headers.insert(
                header::CONTENT_TYPE,
                value(format!("multipart/byteranges; boundary={boundary}")),
            );
            (StatusCode::PARTIAL_CONTENT, multipart(&boundary, mime, &spans, length))
        }
        Selection::Unsatisfiable => {
            let problem = Problem::new(Kind::RangeNotSatisfiable, format!("It has {length} bytes."));
            return Err(problem.with(header::CONTENT_RANGE, value(format!("bytes */{length}"))));
        }
    };
    let size: u64 = parts.iter().map(Part::size).sum();
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(size));
    let body = if *method == Method::HEAD {
        Body::empty()
    } else {
        stream_parts(content.reader, content.at_hand, parts).await?
    };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

fn common<R>(headers: &mut HeaderMap, content: &Content<R>) {
    headers.insert(header::ETAG, content.etag.value());
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CONTENT_SECURITY_POLICY, CONTENT_POLICY);
    headers.insert(
        HeaderName::from_static("cross-origin-resource-policy"),
        HeaderValue::from_static("same-origin"),
    );
    headers.insert(
        header::CACHE_CONTROL,
        HeaderValue::from_static(match content.caching {
            Caching::Revalidate => "private, no-cache",
            Caching::Immutable => "private, max-age=31536000, immutable",
        }),
    );
}

fn value(text: String) -> HeaderValue {
    // Made of numbers and fixed words only.
    HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""))
}

/// A run of the answer's body.
enum Part {
    Literal(Bytes),
    Stored(Span),
}

impl Part {
    fn size(&self) -> u64 {
        match self {
            Part::Literal(bytes) => bytes.len() as u64,
            Part::Stored(span) => span.size(),
        }
    }
    /// Cut into pieces that are read at once.
    fn pieces(self) -> Box<dyn Iterator<Item = Part> + Send> {
        match self {
            Part::Literal(_) => Box::new(std::iter::once(self)),
            Part::Stored(span) => {
                let starts = (span.start..span.end).step_by(PIECE as usize);
                Box::new(starts.map(move |start| {
                    Part::Stored(Span {
                        start,
                        end: span.end.min(start + PIECE),
                    })
                }))
            }
        }
    }
}

/// A separator that is not in the content by design of anybody who does not know the digest of the file.
fn boundary(etag: &Etag, spans: &[Span]) -> String {
    let seed = format!("{}{spans:?}", etag.as_str());
    let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, seed.as_bytes());
    digest.as_ref().iter().take(16).map(|b| format!("{b:02x}")).collect()
}

fn multipart(boundary: &str, mime: &str, spans: &[Span], length: u64) -> Vec<Part> {
    let mut parts = Vec::with_capacity(spans.len() * 2 + 1);
    for span in spans {
        let range = span.content_range(length);
        let head = format!("\r\n--{boundary}\r\nContent-Type: {mime}\r\nContent-Range: {range}\r\n\r\n");
        parts.push(Part::Literal(head.into()));
        parts.push(Part::Stored(*span));
    }
    parts.push(Part::Literal(format!("\r\n--{boundary}--\r\n").into()));
    parts
}

async fn stream_parts<R: ReadAt>(reader: Arc<R>, at_hand: Option<Bytes>, parts: Vec<Part>) -> Answer<Body> {
    let read = move |part: Part| {
        let (reader, at_hand) = (reader.clone(), at_hand.clone());
        async move {
            match (part, at_hand) {
                (Part::Literal(bytes), _) => Ok(bytes),
                (Part::Stored(span), Some(all)) => cut(&all, span),
                (Part::Stored(span), None) => tokio::task::spawn_blocking(move || read_span(&*reader, span))
                    .await
                    .map_err(|e| e.to_string())?,
            }
        }
    };
    let mut pieces = parts.into_iter().flat_map(Part::pieces);
    let Some(first) = pieces.next() else {
        return Ok(Body::empty());
    };
    let first = read(first).await.map_err(|e| Problem::internal(&e))?;
    let Some(second) = pieces.next() else {
        return Ok(Body::from(first));
    };
    // `buffered(2)`: one piece is with the client, the next is being read. A client that leaves drops the stream, and
    // nothing more is read.
    let rest = stream::iter(std::iter::once(second).chain(pieces))
        .map(read)
        .buffered(2)
        .map(|piece| {
            piece.map_err(|cause| {
                tracing::error!(event = "content_broken_off", %cause);
                std::io::Error::other(cause)
            })
        });
    Ok(Body::from_stream(stream::once(async { Ok(first) }).chain(rest)))
}

fn cut(all: &Bytes, span: Span) -> Result<Bytes, String> {
    let range = usize::try_from(span.start).ok().zip(usize::try_from(span.end).ok());
    range
        .filter(|(start, end)| start <= end && *end <= all.len())
        .map(|(start, end)| all.slice(start..end))
        .ok_or_else(|| format!("it has {} bytes, not {}", all.len(), span.end))
}

fn read_span<R: ReadAt>(reader: &R, span: Span) -> Result<Bytes, String> {
    let size = usize::try_from(span.size()).map_err(|e| e.to_string())?;
    let mut buffer = vec![0; size];
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match reader.read_at(span.start + filled as u64, rest)? {
            0 => {
                return Err(format!(
                    "the object ends at byte {} instead of {}",
                    span.start + filled as u64,
                    span.end
                ));
            }
            count => filled += count,
        }
    }
    Ok(buffer.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Reads a slice in short gulps, as a frame-wise reader may.
    fn content(bytes: Vec<u8>) -> Content<impl ReadAt> {
        Content {
            length: bytes.len() as u64,
            mime: "image/jpeg".into(),
            etag: Etag::new("t"),
            file_name: "a.jpg".into(),
            disposition: Disposition::Inline,
            caching: Caching::Revalidate,
            at_hand: None,
            reader: Arc::new(move |offset: u64, buffer: &mut [u8]| -> Result<usize, String> {
                let rest = bytes.get(offset as usize..).unwrap_or_default();
                let count = rest.len().min(buffer.len()).min(100_000);
                buffer[..count].copy_from_slice(&rest[..count]);
                Ok(count)
            }),
        }
    }
    fn ask(name: HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }
    async fn body(response: Response) -> Vec<u8> {
        axum::body::to_bytes(response.into_body(), usize::MAX)
            .await
            .unwrap()
            .into()
    }
    fn pattern(length: usize) -> Vec<u8> {
        (0..length).map(|n| (n % 251) as u8).collect()
    }

    #[tokio::test]
    async fn whole_and_head_and_not_modified() {
        let bytes = pattern(3 * PIECE as usize + 7);
        let response = respond(&Method::GET, &HeaderMap::new(), content(bytes.clone()))
            .await
            .unwrap();
        assert_eq!(
            response.headers()[header::CONTENT_LENGTH],
            bytes.len().to_string().as_str()
        );
        assert_eq!(body(response).await, bytes);
        let response = respond(&Method::HEAD, &ask(header::RANGE, "bytes=0-1"), content(bytes.clone()))
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::OK);
        assert_eq!(
            response.headers()[header::CONTENT_LENGTH],
            bytes.len().to_string().as_str()
        );
        assert!(body(response).await.is_empty());
        let response = respond(&Method::GET, &ask(header::IF_NONE_MATCH, "\"t\""), content(bytes))
            .await
            .unwrap();
        assert_eq!(
            (response.status(), response.headers()[header::ETAG].to_str().unwrap()),
            (StatusCode::NOT_MODIFIED, "\"t\"")
        );
    }
    #[tokio::test]
    async fn several_ranges_as_multipart() {
        let response = respond(&Method::GET, &ask(header::RANGE, "bytes=0-1,4-"), content(pattern(6)))
            .await
            .unwrap();
        assert_eq!(response.status(), StatusCode::PARTIAL_CONTENT);
        let kind = response.headers()[header::CONTENT_TYPE].to_str().unwrap().to_owned();
        let boundary = kind.strip_prefix("multipart/byteranges; boundary=").unwrap();
        let length: usize = response.headers()[header::CONTENT_LENGTH]
            .to_str()
            .unwrap()
            .parse()
            .unwrap();
        let wanted = format!(
            "\r\n--{boundary}\r\nContent-Type: image/jpeg\r\nContent-Range: bytes 0-1/6\r\n\r\n\u{0}\u{1}\
             \r\n--{boundary}\r\nContent-Type: image/jpeg\r\nContent-Range: bytes 4-5/6\r\n\r\n\u{4}\u{5}\
             \r\n--{boundary}--\r\n"
        );
        let body = body(response).await;
        assert_eq!((body.len(), String::from_utf8(body).unwrap()), (length, wanted));
    }
    #[tokio::test]
    async fn unsatisfiable_and_stale_ranges() {
        let problem = respond(&Method::GET, &ask(header::RANGE, "bytes=6-"), content(pattern(6)))
            .await
            .unwrap_err();
        let response = problem.render("/", "r");
        assert_eq!(response.status(), StatusCode::RANGE_NOT_SATISFIABLE);
        assert_eq!(response.headers()[header::CONTENT_RANGE], "bytes */6");
        let mut stale = ask(header::RANGE, "bytes=0-0");
        stale.insert(header::IF_RANGE, HeaderValue::from_static("\"old\""));
        assert_eq!(
            respond(&Method::GET, &stale, content(pattern(6)))
                .await
                .unwrap()
                .status(),
            StatusCode::OK
        );
    }
    #[tokio::test]
    async fn a_damaged_first_piece_is_a_500_and_a_later_one_breaks_off() {
        let broken_at = |bad: u64| Content {
            length: 2 * PIECE,
            mime: String::new(),
            etag: Etag::new("t"),
            file_name: String::new(),
            disposition: Disposition::Inline,
            caching: Caching::Revalidate,
            at_hand: None,
            reader: Arc::new(move |offset: u64, buffer: &mut [u8]| {
                if offset >= bad {
                    Err("damaged".to_owned())
                } else {
                    Ok(buffer.len())
                }
            }),
        };
        let problem = respond(&Method::GET, &HeaderMap::new(), broken_at(0))
            .await
            .unwrap_err();
        assert_eq!(problem.kind(), Kind::Internal);
        let response = respond(&Method::GET, &HeaderMap::new(), broken_at(PIECE))
            .await
            .unwrap();
        assert!(axum::body::to_bytes(response.into_body(), usize::MAX).await.is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_range_gives_exactly_its_bytes(length in 1_usize..1_300_000, start: prop::sample::Index, end: prop::sample::Index) {
            let bytes = pattern(length);
            let (a, b) = (start.index(length), end.index(length));
            let (a, b) = (a.min(b), a.max(b));
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let (status, got) = runtime.block_on(async {
                let response =
                    respond(&Method::GET, &ask(header::RANGE, &format!("bytes={a}-{b}")), content(bytes.clone())).await.unwrap();
                (response.status(), body(response).await)
            });
            prop_assert_eq!(status, StatusCode::PARTIAL_CONTENT);
            prop_assert_eq!(got, &bytes[a..=b]);
        }
    }
}
