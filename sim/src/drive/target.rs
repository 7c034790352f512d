use std::{fmt, str::FromStr, time::Duration};

use anyhow::{Context, anyhow};
use hyper::{Uri, header::HeaderValue};
use tokio::{net::TcpStream, time::timeout};

/// Whom to send requests to.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Target {
    uri: Uri,
}

/// Where OpenAI's interface has completions.
const COMPLETIONS: &str = "/v1/chat/completions";

/// How long to wait for a server at all.
const CONNECT: Duration = Duration::from_secs(5);

impl FromStr for Target {
    type Err = String;

    /// Reads an address such as `http://127.0.0.1:8080`, or one with the path of the completions.
    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "expected an address such as `http://127.0.0.1:8080`";
        let uri: Uri = text.parse().map_err(|err| format!("{expected}: {err}"))?;
        match uri.scheme_str() {
            Some("http") => {}
            Some("https") => {
                return Err(
                    "https is not supported, as this is meant for servers nearby; expected http://"
                        .to_owned(),
                );
            }
            _ => return Err(expected.to_owned()),
        }
        let host = uri.host().filter(|host| !host.is_empty());
        let authority = uri.authority().filter(|_| host.is_some());
        let authority = authority.ok_or_else(|| expected.to_owned())?;
        if authority.as_str().contains('@') {
            return Err(format!("{expected}; keys are taken from the environment"));
        }
        let path = match uri.path() {
            "" | "/" => COMPLETIONS,
            path => path,
        };
        let whole = Uri::builder().scheme("http");
        let whole = whole.authority(authority.clone()).path_and_query(path);
        let uri = whole.build().map_err(|err| format!("{expected}: {err}"))?;
        Ok(Self { uri })
    }
}

impl Target {
    /// The address of the completions.
    pub(super) const fn uri(&self) -> &Uri {
        &self.uri
    }

    /// Finds out whether anybody listens there.
    ///
    /// # Errors
    ///
    /// Says why not.
    pub(super) async fn reach(&self) -> anyhow::Result<()> {
        let host = self.uri.host().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']');
        let port = self.uri.port_u16().unwrap_or(80);
        let reached = timeout(CONNECT, TcpStream::connect((host, port))).await;
        let reached = reached.map_err(|_| anyhow!("no answer within {} s", CONNECT.as_secs()));
        let stream = reached.and_then(|connected| Ok(connected?));
        stream.with_context(|| format!("--against: cannot reach http://{host}:{port}"))?;
        Ok(())
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.uri.fmt(f)
    }
}

/// An API key, which is never shown.
#[derive(Clone)]
pub struct Key(HeaderValue);

impl Key {
    /// Makes one of its text.
    ///
    /// # Errors
    ///
    /// Fails if a header cannot carry it; the text is not repeated.
    pub fn new(text: &str) -> Result<Self, String> {
        let bearer = HeaderValue::from_str(&format!("Bearer {text}"));
        let mut bearer = bearer.map_err(|_| "expected a key that a header can carry".to_owned())?;
        bearer.set_sensitive(true);
        Ok(Self(bearer))
    }

    /// What stands behind `authorization`.
    pub(super) const fn bearer(&self) -> &HeaderValue {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_path_or_gets_one() {
        for (text, expected) in [
            (
                "http://127.0.0.1:8080",
                "http://127.0.0.1:8080/v1/chat/completions",
            ),
            (
                "http://[::1]:8080/",
                "http://[::1]:8080/v1/chat/completions",
            ),
            (
                "http://local/openai/v1/chat/completions",
                "http://local/openai/v1/chat/completions",
            ),
        ] {
            assert_eq!(
                text.parse::<Target>().map(|it| it.to_string()),
                Ok(expected.to_owned())
            );
        }
    }

    #[test]
    fn an_address_without_meaning_is_refused() {
        for text in [
            "",
            "127.0.0.1:8080",
            "ftp://x",
            "/v1",
            "http://",
            "http://a b",
            "http://key@x",
        ] {
            let error = text.parse::<Target>().expect_err(text);
            assert!(
                error.starts_with("expected an address such as"),
                "{text}: {error}"
            );
        }
        let error = "https://x".parse::<Target>().expect_err("https");
        assert!(error.starts_with("https is not supported"), "{error}");
    }

    #[test]
    fn a_key_is_not_shown() {
        let key = Key::new("secret").expect("a header can carry it");
        assert!(!format!("{key:?} {:?}", key.bearer()).contains("secret"));
        let error = Key::new("sec\nret").expect_err("a header cannot carry it");
        assert!(!error.contains("sec\nret"));
    }
}
