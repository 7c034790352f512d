use std::str::FromStr;

use toml_edit::{Array, Value};

use crate::scenario::Override;

/// A value of a scenario that a sweep varies, and the values that it takes.
///
/// `KEY=a,b,c` lists them; `KEY=1..100:lin4` takes 4 evenly spaced ones, both ends included, and
/// `KEY=0.1..10:log5` takes 5 in equal ratios. Between whole numbers, values are rounded to whole
/// numbers, and otherwise to six digits.
///
/// # Examples
///
/// ```
/// use paceline_sim::sweep::Dimension;
///
/// let limits: Dimension = "provider.limit.0.limit=10..1000:log3".parse()?;
/// let values: Vec<_> = limits.values().iter().map(|value| value.text()).collect();
/// assert_eq!(values, ["10", "100", "1000"]);
/// # Ok::<(), String>(())
/// ```
#[derive(Clone, Debug)]
pub struct Dimension {
    key: String,
    values: Vec<Setting>,
}

/// One value that a dimension takes.
#[derive(Clone, Debug)]
pub struct Setting {
    text: String,
    change: Override,
}

/// More values of one key than this are a mistake.
const MOST: usize = 10_000;

impl Dimension {
    /// What it varies.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The values that it takes, in the order in which they were given.
    pub fn values(&self) -> &[Setting] {
        &self.values
    }
}

impl Setting {
    /// As a person would write it: a string without its quotes.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it changes in a scenario.
    pub const fn change(&self) -> &Override {
        &self.change
    }

    fn new(key: &str, text: &str) -> Result<Self, String> {
        let change = format!("{key}={text}").parse()?;
        let bare = match text.parse::<Value>() {
            Ok(Value::String(string)) => string.into_value(),
            _ => text.to_owned(),
        };
        Ok(Self { text: bare, change })
    }
}

impl FromStr for Dimension {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let expected = "expected KEY=a,b,c or KEY=FROM..TO:linN or KEY=FROM..TO:logN";
        let (key, values) = text.split_once('=').ok_or(expected)?;
        let (key, values) = (key.trim(), values.trim());
        let texts = match values.split_once("..") {
            Some((from, rest)) => {
                let (to, steps) = rest.split_once(':').ok_or(expected)?;
                range(from.trim(), to.trim(), steps.trim())?
            }
            None => list(values),
        };
        if texts.is_empty() || texts.iter().any(String::is_empty) {
            return Err(expected.to_owned());
        }
        if texts.len() > MOST {
            return Err(format!(
                "expected at most {MOST} values, found {}",
                texts.len()
            ));
        }
        for (index, text) in texts.iter().enumerate() {
            if texts[..index].contains(text) {
                return Err(format!("the value {text} stands there twice"));
            }
        }
        let settings = texts.iter().map(|text| Setting::new(key, text));
        Ok(Self {
            key: key.to_owned(),
            values: settings.collect::<Result<_, _>>()?,
        })
    }
}

/// Values set apart by commas: TOML where it is TOML, and bare words otherwise.
fn list(text: &str) -> Vec<String> {
    match format!("[{text}]").parse::<Value>() {
        Ok(Value::Array(values)) => toml_texts(&values),
        _ => text.split(',').map(|word| word.trim().to_owned()).collect(),
    }
}

fn toml_texts(values: &Array) -> Vec<String> {
    values
        .iter()
        .map(|value| value.to_string().trim().to_owned())
        .collect()
}

/// So many values from one number to another.
fn range(from: &str, to: &str, steps: &str) -> Result<Vec<String>, String> {
    let number = |text: &str| {
        let parsed = text.parse::<f64>().ok().filter(|number| number.is_finite());
        parsed.ok_or_else(|| format!("expected a number, found `{text}`"))
    };
    let (first, last) = (number(from)?, number(to)?);
    let (scale, count) = steps.split_at_checked(3).unwrap_or((steps, ""));
    let count = count
        .parse::<u32>()
        .ok()
        .filter(|count| (2..=10_000).contains(count));
    let count = count.ok_or_else(|| {
        format!("expected lin or log and a number from 2 to {MOST}, such as log5, found `{steps}`")
    })?;
    let at: fn(f64, f64, f64) -> f64 = match scale {
        "lin" => |first, last, part| first + (last - first) * part,
        "log" if first > 0.0 && last > 0.0 => |first, last, part| first * (last / first).powf(part),
        "log" => return Err(format!("expected two positive numbers, found {from}..{to}")),
        _ => return Err(format!("expected lin or log, found `{steps}`")),
    };
    let whole = from.parse::<i64>().is_ok() && to.parse::<i64>().is_ok();
    let inner = (1..count - 1).map(|step| {
        let value = at(first, last, f64::from(step) / f64::from(count - 1));
        if whole {
            format!("{value:.0}")
        } else {
            six_digits(value)
        }
    });
    let mut texts = vec![from.to_owned()];
    texts.extend(inner);
    texts.push(to.to_owned());
    // Rounding may have made neighbours equal.
    texts.dedup();
    Ok(texts)
}

/// A number as TOML has it, to six significant digits.
pub(crate) fn six_digits(value: f64) -> String {
    let rounded: f64 = format!("{value:.5e}").parse().unwrap_or(value);
    let text = format!("{rounded}");
    if text.contains('.') {
        text
    } else {
        format!("{text}.0")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn texts(dimension: &str) -> Result<Vec<String>, String> {
        let dimension: Dimension = dimension.parse()?;
        Ok(dimension
            .values()
            .iter()
            .map(|value| value.text().to_owned())
            .collect())
    }

    #[test]
    fn lists_are_toml_or_bare_words() {
        assert_eq!(texts("a=1, 2.5").unwrap(), ["1", "2.5"]);
        assert_eq!(texts("queue=fifo,smallest").unwrap(), ["fifo", "smallest"]);
        assert_eq!(texts(r#"queue="fifo""#).unwrap(), ["fifo"]);
        assert_eq!(
            texts("gate={ spacing_s = 0.1 },{ spacing_s = 1, least_spacing_s = 0.5 }").unwrap(),
            [
                "{ spacing_s = 0.1 }",
                "{ spacing_s = 1, least_spacing_s = 0.5 }"
            ]
        );
    }

    #[test]
    fn whole_numbers_stay_whole() {
        assert_eq!(texts("a=1..4:lin4").unwrap(), ["1", "2", "3", "4"]);
        assert_eq!(texts("a=1..2:lin5").unwrap(), ["1", "2"]);
        assert_eq!(texts("a=0.1..10:log3").unwrap(), ["0.1", "1.0", "10"]);
    }

    #[test]
    fn what_makes_no_sense_is_said() {
        for (wrong, why) in [
            ("a", "expected KEY="),
            ("a=", "expected KEY="),
            ("a=1..2", "expected KEY="),
            ("a=1..b:lin3", "expected a number"),
            ("a=1..inf:lin3", "expected a number"),
            ("a=0..10:log3", "two positive numbers"),
            ("a=1..10:log1", "from 2 to 10000"),
            ("a=1..10:exp4", "expected lin or log"),
            ("a=1,2,1", "twice"),
            ("a b=1", "key"),
        ] {
            let err = texts(wrong).unwrap_err();
            assert!(err.contains(why), "{wrong}: {err}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// Ends are exact, the order is kept, and steps are equal up to rounding.
        #[test]
        fn ranges_go_from_end_to_end(
            from in 0.001..10.0_f64, factor in 2.0..1e4_f64, count in 3_u32..40, log: bool,
        ) {
            let to = from * factor;
            let scale = if log { "log" } else { "lin" };
            let texts = texts(&format!("a={from:?}..{to:?}:{scale}{count}")).unwrap();
            let values: Vec<f64> = texts.iter().map(|text| text.parse().unwrap()).collect();
            prop_assert_eq!(values.len(), count as usize);
            prop_assert_eq!((values[0], values[values.len() - 1]), (from, to));
            let place = |value: f64| if log { value.ln() } else { value };
            let step = (place(to) - place(from)) / f64::from(count - 1);
            for pair in values.windows(2) {
                let off = (place(pair[1]) - place(pair[0]) - step).abs();
                let rounding = if log { 1e-5 } else { pair[1] * 1e-5 };
                prop_assert!(off <= rounding * 2.0, "{:?}", pair);
            }
        }
    }
}
