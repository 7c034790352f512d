use std::str::FromStr;

use optimizer::{
    Trial,
    parameter::{CategoricalParam, FloatParam, IntParam, ParamId, ParamValue, Parameter},
};

use crate::sweep::six_digits;

/// A value of a strategy that is to be found, and where to look for it.
///
/// `KEY=FROM..TO` looks between two numbers, `KEY=FROM..TO:log` evenly in their logarithms, and `KEY=a,b,c`
/// among words. Between whole numbers it looks for a whole number.
#[derive(Clone, Debug)]
pub struct Axis {
    key: String,
    range: Range,
    /// The first and the last value.
    ends: [ParamValue; 2],
}

#[derive(Clone, Debug)]
enum Range {
    Number(FloatParam),
    Whole(IntParam),
    Choice(CategoricalParam<String>),
}

impl Axis {
    /// Which value, below the strategy.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// One of its ends, as the optimiser calls it.
    pub(super) fn end(&self, last: bool) -> (ParamId, ParamValue) {
        let id = match &self.range {
            Range::Number(range) => range.id(),
            Range::Whole(range) => range.id(),
            Range::Choice(range) => range.id(),
        };
        (id, self.ends[usize::from(last)].clone())
    }

    /// What the optimiser wants to see next, as TOML.
    pub(super) fn suggest(&self, trial: &mut Trial) -> Result<String, optimizer::Error> {
        Ok(match &self.range {
            Range::Number(range) => six_digits(range.suggest(trial)?),
            Range::Whole(range) => range.suggest(trial)?.to_string(),
            Range::Choice(range) => range.suggest(trial)?,
        })
    }
}

impl FromStr for Axis {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "expected KEY=FROM..TO, KEY=FROM..TO:log or KEY=a,b,c";
        let (key, range) = text.split_once('=').ok_or(expected)?;
        let (key, range) = (key.trim().to_owned(), range.trim());
        if key.is_empty() {
            return Err(expected.to_owned());
        }
        let Some((from, to)) = range.split_once("..") else {
            let choices: Vec<_> = range.split(',').map(|it| it.trim().to_owned()).collect();
            if choices.len() < 2 || choices.iter().any(String::is_empty) {
                return Err(expected.to_owned());
            }
            let ends = [0, choices.len() - 1].map(ParamValue::Categorical);
            let range = Range::Choice(CategoricalParam::new(choices).name(&key));
            return Ok(Self { key, range, ends });
        };
        let (to, log) = match to.split_once(':') {
            None => (to, false),
            Some((to, "log")) => (to, true),
            Some(_) => return Err(expected.to_owned()),
        };
        let (from, to) = (from.trim(), to.trim());
        let (range, ends) = if let (Ok(low), Ok(high)) = (from.parse::<i64>(), to.parse::<i64>()) {
            ordered(low < high && (!log || low > 0), text)?;
            let range = IntParam::new(low, high).name(&key);
            let range = Range::Whole(if log { range.log_scale() } else { range });
            (range, [low, high].map(ParamValue::Int))
        } else {
            let number = |text: &str| text.parse::<f64>().map_err(|_| expected.to_owned());
            let (low, high) = (number(from)?, number(to)?);
            ordered(
                low.is_finite() && high.is_finite() && low < high && (!log || low > 0.0),
                text,
            )?;
            let range = FloatParam::new(low, high).name(&key);
            let range = Range::Number(if log { range.log_scale() } else { range });
            (range, [low, high].map(ParamValue::Float))
        };
        Ok(Self { key, range, ends })
    }
}

fn ordered(is: bool, text: &str) -> Result<(), String> {
    let wrong = || {
        format!(
            "expected a smaller number before a larger one, and positive ones with :log, found `{text}`"
        )
    };
    is.then_some(()).ok_or_else(wrong)
}
