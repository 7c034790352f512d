use http_body_util::{Either, Full};
use hyper::{
    HeaderMap, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{self, HeaderName, HeaderValue},
};
use serde_json::Value;
use tokio::sync::mpsc;

use super::{
    answer::{self, About},
    ask::{Ask, Form},
    body::Bodies,
    clock::Clock,
    driver::Command,
    events::Events,
    fault::{Fault, Style},
    job::Jobs,
    labels::Labels,
    line::Line,
    route::{self, Route},
    stream::Stream,
};
use crate::model::{self, Beginning, Heard, Outcome};

/// The body of a response.
pub(super) type Body = Either<Full<Bytes>, Stream>;

/// What all connections share.
pub(super) struct Shared {
    pub(super) clock: Clock,
    pub(super) labels: Labels,
    pub(super) bodies: Bodies,
    pub(super) jobs: Jobs,
    /// What the one model is called that is listed.
    pub(super) name: String,
    pub(super) model: mpsc::UnboundedSender<Command>,
}

impl Shared {
    /// Answers a request.
    pub(super) async fn handle(&self, request: Request<Incoming>) -> Response<Body> {
        let style = route::style(request.uri().path(), request.headers());
        let mut response = match self.respond(style, request).await {
            Ok(response) => response,
            Err(fault) => refuse(style, &fault),
        };
        // Moments in headers are of the provider's clock, and so is this, by which readers tell how far it is off.
        if let Ok(date) = HeaderValue::from_str(&self.date()) {
            response.headers_mut().insert(header::DATE, date);
        }
        response
    }

    async fn respond(
        &self,
        style: Style,
        request: Request<Incoming>,
    ) -> Result<Response<Body>, Fault> {
        let (head, body) = request.into_parts();
        let route = Route::find(&head.method, head.uri.path())?;
        let api_key = route::api_key(&head.headers)?;
        let parse = match route {
            Route::Models => return Ok(json(&answer::models(&self.name, self.created()))),
            Route::Model(id) => return Ok(json(&answer::model(&id, self.created()))),
            Route::Chat => Ask::chat,
            Route::Messages => Ask::messages,
            Route::Embeddings => Ask::embeddings,
        };
        let ask = parse(&self.bodies.read(body).await?.bytes)?;
        let mut call = self.jobs.call(&ask, &head.headers)?;
        call.key = self.labels.place(api_key).ok_or(Fault::TooManyKeys)?;
        let about = About {
            style,
            model: ask.model.clone(),
            number: call.number,
            created: self.created(),
            input_tokens: call.job.input_tokens,
            output_tokens: call.job.output_tokens,
            is_cut: ask
                .max_tokens
                .is_some_and(|cap| call.job.output_tokens >= cap),
        };
        let line = Line::call(&self.model, call);
        match ask.form {
            Form::Stream { usage } => self.stream(line, Events { about, usage }).await,
            Form::Whole | Form::Vectors(_) => whole(line, &ask, &about).await,
        }
    }

    /// Answers word by word, from the moment on at which the first one is there.
    async fn stream(&self, mut line: Line, events: Events) -> Result<Response<Body>, Fault> {
        let Beginning {
            first_at,
            each,
            response,
        } = match line.hear().await {
            None => return Err(Fault::Busy),
            Some(Heard::Ends(_, ending)) => return Ok(said(&ending.response)),
            Some(Heard::Begins(_, beginning)) => beginning,
        };
        let ending = tokio::select! {
            heard = line.hear() => match heard {
                Some(Heard::Ends(_, ending)) => Some(ending),
                _ => return Err(Fault::Busy),
            },
            () = self.clock.wait_until(first_at) => None,
        };
        if let Some(ending) = &ending
            && ending.outcome != Outcome::Success
            && ending.at <= first_at
        {
            return Ok(said(&ending.response));
        }
        let stream = Stream::new(line, self.clock, events, (first_at, each), ending);
        let mut begun = Response::new(Either::Right(stream));
        dress(begun.headers_mut(), &response);
        let kind = HeaderValue::from_static("text/event-stream; charset=utf-8");
        begun.headers_mut().insert(header::CONTENT_TYPE, kind);
        Ok(begun)
    }

    fn created(&self) -> u32 {
        let seconds = self.clock.now().as_nanos() / 1_000_000_000;
        u32::try_from(seconds).unwrap_or(u32::MAX)
    }

    /// What time it is, as HTTP writes it.
    fn date(&self) -> String {
        let now = self.clock.now().as_nanos();
        let now = jiff::Timestamp::from_nanosecond(now.into()).unwrap_or_default();
        now.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
    }
}

/// Answers at once, when all of it is there.
async fn whole(mut line: Line, ask: &Ask, about: &About) -> Result<Response<Body>, Fault> {
    loop {
        match line.hear().await {
            None => return Err(Fault::Busy),
            Some(Heard::Begins(..)) => {}
            Some(Heard::Ends(_, ending)) => {
                if ending.outcome != Outcome::Success {
                    return Ok(said(&ending.response));
                }
                let mut response = json(&about.whole(ask));
                dress(response.headers_mut(), &ending.response);
                return Ok(response);
            }
        }
    }
}

/// What the provider says, word for word.
fn said(said: &model::dialect::Response) -> Response<Body> {
    let mut response = Response::new(Either::Left(said.body.clone().into()));
    *response.status_mut() =
        StatusCode::from_u16(said.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if !said.body.is_empty() {
        response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    }
    dress(response.headers_mut(), said);
    response
}

/// Adds the headers that the provider sends.
fn dress(headers: &mut HeaderMap, said: &model::dialect::Response) {
    for (name, value) in &said.headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            headers.append(HeaderName::from_static(name), value);
        }
    }
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");

fn json(value: &Value) -> Response<Body> {
    let mut response = Response::new(Either::Left(value.to_string().into()));
    response.headers_mut().insert(header::CONTENT_TYPE, JSON);
    response
}

fn refuse(style: Style, fault: &Fault) -> Response<Body> {
    let mut response = json(&fault.body(style));
    *response.status_mut() = fault.status();
    let headers = response.headers_mut();
    if let Fault::Method(expected) = fault {
        headers.insert(header::ALLOW, HeaderValue::from_static(expected));
    }
    if fault.closes() {
        headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    }
    response
}
