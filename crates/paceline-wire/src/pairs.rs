/// Looks headers up in a list of names and values, whatever the case of their letters.
///
/// The first line of a name counts. Any map with names in lower case does as well: [`read`](crate::read)
/// asks in lower case.
///
/// # Examples
///
/// ```
/// let headers = paceline_wire::pairs(&[("Retry-After", "20")]);
/// assert_eq!(headers("retry-after"), Some("20"));
/// ```
pub fn pairs<'h, N: AsRef<str>, V: AsRef<str>>(
    headers: &'h [(N, V)],
) -> impl Fn(&str) -> Option<&'h str> + Copy {
    move |name| {
        let (_, value) = headers
            .iter()
            .find(|(known, _)| known.as_ref().eq_ignore_ascii_case(name))?;
        Some(value.as_ref())
    }
}
