//! A plain client of HTTP, and servers for it to call.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
    sync::Arc,
    thread::{self, JoinHandle},
};

use paceline_sim::{
    scenario::Scenario,
    serve::{Counts, Options, ServeError, Server},
};
use serde_json::Value;
use tokio::sync::oneshot;

/// A server on a thread of this process, which is stopped in the end.
pub(crate) struct Running {
    pub(crate) at: SocketAddr,
    pub(crate) counts: Arc<Counts>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<Result<(), ServeError>>>,
}

impl Running {
    /// Serves a scenario.
    pub(crate) fn start(scenario: Scenario, options: Options) -> Self {
        let (stop, stopped) = oneshot::channel();
        let (ready, is_ready) = std::sync::mpsc::channel();
        let run = async move {
            let server = Server::bind(&scenario, "127.0.0.1:0", &options).await?;
            let at = server.local_addr().expect("it listens");
            ready
                .send((at, server.counts()))
                .expect("somebody waits for it");
            server.run(async { drop(stopped.await) }).await
        };
        let thread = thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build();
            runtime.expect("tokio starts").block_on(run)
        });
        let (at, counts) = is_ready.recv().expect("it can listen");
        Self {
            at,
            counts,
            stop: Some(stop),
            thread: Some(thread),
        }
    }

    fn end(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread
                .join()
                .expect("it does not panic")
                .expect("it ends well");
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if !thread::panicking() {
            self.end();
        }
    }
}

/// A response, whole.
#[derive(Debug, PartialEq)]
pub(crate) struct Said {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Said {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut named = self.headers.iter().filter(|(it, _)| it == name);
        Some(&named.next()?.1)
    }

    /// Its body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|err| panic!("{err}: {self:?}"))
    }

    /// The data of its events.
    pub(crate) fn data(&self) -> Vec<&str> {
        let lines = self.body.lines();
        lines
            .filter_map(|line| line.strip_prefix("data: "))
            .collect()
    }
}

/// Opens a connection and writes this to it.
pub(crate) fn open(at: SocketAddr, text: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect(at).expect("it listens");
    // A server that has heard enough may not read the rest.
    let _ = stream.write_all(text);
    stream
}

/// Reads everything until the other side closes.
pub(crate) fn read(mut stream: TcpStream) -> Option<Said> {
    let mut bytes = Vec::new();
    // What came before a reset counts.
    let _ = stream.read_to_end(&mut bytes);
    parse(&bytes)
}

/// A request as text, after which the connection is closed.
pub(crate) fn request(method: &str, path: &str, headers: &[&str], body: &str) -> String {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: test\r\nconnection: close\r\n");
    for header in headers {
        text += &format!("{header}\r\n");
    }
    text + &format!("content-length: {}\r\n\r\n{body}", body.len())
}

/// Makes a request and reads the response.
#[track_caller]
pub(crate) fn call(at: SocketAddr, text: &str) -> Said {
    read(open(at, text.as_bytes())).expect("a response")
}

fn parse(bytes: &[u8]) -> Option<Said> {
    let text = String::from_utf8_lossy(bytes).into_owned();
    let (head, body) = text.split_once("\r\n\r\n")?;
    let mut lines = head.lines();
    let status = lines.next()?.split(' ').nth(1)?.parse().ok()?;
    let pair = |line: &str| {
        let (name, value) = line.split_once(": ")?;
        Some((name.to_owned(), value.to_owned()))
    };
    let headers: Vec<_> = lines.filter_map(pair).collect();
    let chunked = headers
        .iter()
        .any(|(name, value)| name == "transfer-encoding" && value == "chunked");
    Some(Said {
        status,
        headers,
        body: if chunked {
            unchunk(body)
        } else {
            body.to_owned()
        },
    })
}

/// All chunks in a row; answers are ASCII.
fn unchunk(mut rest: &str) -> String {
    let mut whole = String::new();
    while let Some((size, more)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).expect("a size");
        let Some((chunk, more)) = more.split_at_checked(size) else {
            break;
        };
        whole += chunk;
        rest = more.trim_start_matches("\r\n");
    }
    whole
}

const PROMPT: &str = r#""messages": [{ "role": "user", "content": "Say what a limit is." }]"#;

/// A chat completion with this key, these headers and these fields.
pub(crate) fn chat(key: &str, headers: &[&str], fields: &str) -> String {
    let key = format!("authorization: Bearer {key}");
    let headers: Vec<_> = [key.as_str()]
        .into_iter()
        .chain(headers.iter().copied())
        .collect();
    let body = format!(r#"{{ "model": "any", {PROMPT} {fields} }}"#);
    request("POST", "/v1/chat/completions", &headers, &body)
}

/// A message with this key and these fields.
pub(crate) fn message(key: &str, fields: &str) -> String {
    let key = format!("x-api-key: {key}");
    let body = format!(r#"{{ "model": "any", "max_tokens": 64, {PROMPT} {fields} }}"#);
    request("POST", "/v1/messages", &[&key], &body)
}
