use http_body_util::{BodyExt, Full};
use hyper::{
    HeaderMap, Method, Request, Response, StatusCode,
    body::{Body, Bytes, Incoming},
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderName},
};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::{TokioExecutor, TokioTimer},
};
use paceline_core::Demand;
use serde::{Deserialize, Serialize};

use super::target::{Key, Target};
use crate::workload::Job;

/// Sends calls over connections that are kept.
pub(super) struct Caller {
    client: Client<HttpConnector, Full<Bytes>>,
    target: Target,
    key: Key,
}

/// An answer, of any status.
pub(super) struct Reply {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
}

/// There was no answer, or it broke off.
#[derive(Clone, Copy, Debug)]
pub(super) struct Broken;

/// More of an answer is not kept.
const MOST_KEPT: usize = 1 << 20;

/// A token of text is about so many bytes of it.
const BYTES_PER_TOKEN: u64 = 4;

/// More text is not sent, whatever a request has; servers that must know better read it off a header.
const MOST_SENT: u64 = 1 << 20;

/// What a simulated provider reads off a call, so that it has the very luck that it has in a simulation.
const JOB: HeaderName = HeaderName::from_static("x-paceline-job");
const ATTEMPT: HeaderName = HeaderName::from_static("x-paceline-attempt");
const INPUT_TOKENS: HeaderName = HeaderName::from_static("x-paceline-input-tokens");
const OUTPUT_TOKENS: HeaderName = HeaderName::from_static("x-paceline-output-tokens");

#[derive(Serialize)]
struct Question<'a> {
    model: &'a str,
    messages: [Message<'a>; 1],
    max_tokens: u64,
}

#[derive(Serialize)]
struct Message<'a> {
    role: &'a str,
    content: &'a str,
}

/// What of an answer is read besides limits.
#[derive(Deserialize)]
struct Answer {
    usage: Usage,
}

#[derive(Deserialize)]
struct Usage {
    prompt_tokens: u64,
    completion_tokens: u64,
}

impl Caller {
    pub(super) fn new(target: Target, key: Key) -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let mut builder = Client::builder(TokioExecutor::new());
        builder.pool_timer(TokioTimer::new());
        Self {
            client: builder.build(connector),
            target,
            key,
        }
    }

    pub(super) const fn target(&self) -> &Target {
        &self.target
    }

    /// Sends one call of a request, before which there were so many, and waits for its answer.
    ///
    /// Whoever stops waiting drops the connection.
    pub(super) async fn call(&self, job: &Job, calls: u32) -> Result<Reply, Broken> {
        let request = self.request(job, calls).map_err(|_| Broken)?;
        let answer = self.client.request(request).await.map_err(|_| Broken)?;
        read(answer).await
    }

    fn request(&self, job: &Job, calls: u32) -> Result<Request<Full<Bytes>>, hyper::http::Error> {
        let bytes = job
            .input_tokens
            .saturating_mul(BYTES_PER_TOKEN)
            .min(MOST_SENT);
        let content = "tok ".repeat(usize::try_from(bytes / BYTES_PER_TOKEN).unwrap_or_default());
        let question = Question {
            model: "simulated",
            messages: [Message {
                role: "user",
                content: &content,
            }],
            max_tokens: job.max_tokens,
        };
        let body = serde_json::to_vec(&question).unwrap_or_default();
        Request::builder()
            .method(Method::POST)
            .uri(self.target.uri())
            .header(AUTHORIZATION, self.key.bearer())
            .header(CONTENT_TYPE, "application/json")
            .header(JOB, job.id)
            .header(ATTEMPT, calls)
            .header(INPUT_TOKENS, job.input_tokens)
            .header(OUTPUT_TOKENS, job.output_tokens)
            .body(Full::new(Bytes::from(body)))
    }
}

/// Waits for the end of an answer, and keeps what may be of use.
async fn read(answer: Response<Incoming>) -> Result<Reply, Broken> {
    let (parts, mut body) = answer.into_parts();
    let mut kept = Vec::new();
    while !body.is_end_stream() {
        let Some(frame) = body.frame().await else {
            break;
        };
        let frame = frame.map_err(|_| Broken)?;
        if let Some(data) = frame.data_ref() {
            let room = MOST_KEPT.saturating_sub(kept.len()).min(data.len());
            kept.extend_from_slice(&data[..room]);
        }
    }
    Ok(Reply {
        status: parts.status,
        headers: parts.headers,
        body: kept,
    })
}

impl Reply {
    /// What the server says that it cost, if it does.
    pub(super) fn usage(&self) -> Option<Demand> {
        let Answer { usage } = serde_json::from_slice(&self.body).ok()?;
        Some(Demand {
            requests: 1,
            input_tokens: usage.prompt_tokens,
            output_tokens: usage.completion_tokens,
        })
    }
}
