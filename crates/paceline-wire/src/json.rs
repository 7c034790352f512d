//! What is worth knowing in the JSON of an error, wherever a provider puts it.

use alloc::string::{String, ToString};
use core::fmt;

use serde_core::de::{
    DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor,
};

use crate::body::{Body, MOST, Violation};

/// Reads `json` into `body` as far as it is JSON, and says whether all of it was.
///
/// What was read before the first mistake stays, since bodies are cut off. Nothing but the members
/// that [`slot`] knows is kept, so this takes memory for those alone; nothing nests deeper than 128.
pub(crate) fn read(json: &[u8], body: &mut Body) -> bool {
    let mut deserializer = serde_json::Deserializer::from_slice(json);
    let walk = Walk {
        body,
        slot: Slot::Inner,
        top: true,
    };
    walk.deserialize(&mut deserializer).is_ok() && deserializer.end().is_ok()
}

/// What a member of an object is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Slot {
    /// The error itself: an object, or a sentence.
    Error,
    /// A sentence; or what more of it there is.
    Text,
    /// A word for machines, or a status.
    Code,
    /// What kind of object this is.
    Object,
    /// Nothing in itself, but there may be something within.
    Inner,
    /// Headers of the answer that a gateway got.
    Headers,
    /// A span: a number of seconds, or a duration.
    Seconds,
    /// A span in milliseconds.
    Millis,
    /// A point in time.
    Moment,
    /// Part of one violation of Google's.
    QuotaId,
    QuotaMetric,
    QuotaValue,
    Ignored,
}

fn slot(key: &str) -> Slot {
    match key {
        "error" | "errors" | "Error" => Slot::Error,
        "message" | "Message" | "msg" | "detail" | "details" | "title" | "raw" | "errorMessage"
        | "error_message" | "error_description" | "description" => Slot::Text,
        "type" | "code" | "Code" | "status" | "error_code" | "errorCode" | "error_type"
        | "reason" | "__type" | "limit_source" | "raw_status_code" | "status_code"
        | "statusCode" => Slot::Code,
        "object" => Slot::Object,
        "response" | "metadata" | "innererror" | "inner_error" | "fault" | "violations" => {
            Slot::Inner
        }
        "headers" => Slot::Headers,
        "retryDelay"
        | "quotaResetDelay"
        | "retry_after"
        | "retryAfter"
        | "retry_after_seconds"
        | "resets_in_seconds"
        | "reset_after" => Slot::Seconds,
        "retry_after_ms" | "retryAfterMs" => Slot::Millis,
        "resets_at" | "reset_at" | "resetsAt" | "quotaResetTimeStamp" => Slot::Moment,
        "quotaId" | "quota_limit" => Slot::QuotaId,
        "quotaMetric" | "quota_metric" => Slot::QuotaMetric,
        "quotaValue" | "quota_limit_value" => Slot::QuotaValue,
        _ => Slot::Ignored,
    }
}

/// Walks a value that stands in a slot.
struct Walk<'b> {
    body: &'b mut Body,
    slot: Slot,
    top: bool,
}

impl Walk<'_> {
    /// Takes a number where one makes sense; it is no sentence.
    fn number<E: Error>(self, number: impl ToString) -> Result<(), E> {
        match self.slot {
            Slot::Error | Slot::Text | Slot::Object => Ok(()),
            _ => self.visit_str(&number.to_string()),
        }
    }
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        match self.slot {
            Slot::Ignored => deserializer.deserialize_ignored_any(IgnoredAny).map(drop),
            _ => deserializer.deserialize_any(self),
        }
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        if self.slot == Slot::Error {
            self.body.is_error = true;
        }
        // A violation is kept with its first part, so the rest finds it last in the list.
        let violations = self.body.violations.len();
        while let Some(key) = map.next_key::<String>()? {
            if self.slot == Slot::Headers {
                let value = map.next_value_seed(Scalar)?;
                if let Some(value) = value.filter(|_| self.body.headers.len() < MOST) {
                    self.body.headers.push((key, value));
                }
                continue;
            }
            let mut slot = slot(&key);
            if self.top && key.ends_with("Exception") {
                // So AWS names an event of a stream that is an error.
                self.body.code(&key);
                slot = Slot::Error;
            }
            match slot {
                Slot::QuotaId | Slot::QuotaMetric | Slot::QuotaValue => {
                    let value = map.next_value_seed(Scalar)?;
                    let Some(value) = value.filter(|_| violations < MOST) else {
                        continue;
                    };
                    if self.body.violations.len() == violations {
                        self.body.violations.push(Violation::default());
                    }
                    let violation = &mut self.body.violations[violations];
                    match slot {
                        Slot::QuotaId => violation.id = value,
                        Slot::QuotaMetric => violation.metric = value,
                        _ => violation.value = value,
                    }
                }
                _ => map.next_value_seed(Walk {
                    body: self.body,
                    slot,
                    top: self.top && slot == Slot::Code && key == "type",
                })?,
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        // Some wrap the whole error into a list.
        while seq
            .next_element_seed(Walk {
                body: self.body,
                slot: self.slot,
                top: self.top,
            })?
            .is_some()
        {}
        Ok(())
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        let body = self.body;
        match self.slot {
            Slot::Error | Slot::Text => {
                body.is_error |= self.slot == Slot::Error && !text.is_empty();
                body.text(text);
            }
            Slot::Code => {
                // Both mark an event of a stream that is an error.
                body.is_error |= self.top && matches!(text, "error" | "response.failed");
                body.code(text);
            }
            Slot::Object => body.is_error |= text == "error",
            Slot::Seconds => body.seconds(text),
            Slot::Millis => body.millis(text),
            Slot::Moment => body.moment(text),
            _ => (),
        }
        Ok(())
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.number(number)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.number(number)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        // Others have hundreds of digits, and no meaning here.
        if (1e-9..1e15).contains(&number) {
            self.number(number)?;
        }
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
}

/// Takes a string, or a number as one; anything else is passed over.
struct Scalar;

impl<'de> DeserializeSeed<'de> for Scalar {
    type Value = Option<String>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Scalar {
    type Value = Option<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or a number")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Some(text.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Some(number.to_string()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Some(number.to_string()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        Ok((1e-9..1e15).contains(&number).then(|| number.to_string()))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
        Ok(None)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(None)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(None)
    }
}
