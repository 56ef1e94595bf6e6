//! Questions that nobody has asked before: a server may keep the pages that it has shown under the
//! question as it was written, and whoever asks for the first time must be measured too.

use crate::{http::Request, random::Random};

/// How many there are in one load: more than are asked while the first of them are still kept.
const COUNT: usize = 40_000;

/// The same questions over and over, each time with other letters of its query written as `%61`:
/// the same meaning, and another text.
pub fn never_asked_before(requests: &[Request]) -> Vec<Request> {
    let mut random = Random::new(16);
    let cycled = requests.iter().cycle().take(COUNT);
    cycled
        .map(|request| {
            request
                .clone()
                .with_path(|path| spelled(path, random.next()))
        })
        .collect()
}

/// Writes the letters of the values in another way, those whose bit is set.
fn spelled(path: &str, mut bits: u64) -> String {
    let Some((path, query)) = path.split_once('?') else {
        return path.to_owned();
    };
    let mut text = format!("{path}?");
    let mut is_value = false;
    for letter in query.chars() {
        match letter {
            '=' => is_value = true,
            '&' => is_value = false,
            _ => {}
        }
        if is_value && letter.is_ascii_lowercase() {
            let is_set = bits & 1 == 1;
            bits >>= 1;
            if is_set {
                text += &format!("%{:02x}", u32::from(letter));
                continue;
            }
        }
        text.push(letter);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn the_letters_of_values_are_spelled_and_nothing_else() {
        let path = "/users?q=ab&sort_by=c";
        assert_eq!(spelled(path, 0), path);
        assert_eq!(spelled(path, 0b101), "/users?q=%61b&sort_by=%63");
        assert_eq!(spelled("/users", 7), "/users");
    }

    #[test]
    fn hardly_any_question_comes_twice() {
        let words = ["ann", "bob", "eve"];
        let asked = words.map(|word| {
            Request::get(
                format!("/users?q={word}&sort_by=username&sort_order=asc"),
                "t",
            )
        });
        let all = never_asked_before(&asked);
        let different: HashSet<&str> = all.iter().map(Request::path).collect();
        assert_eq!(all.len(), COUNT);
        assert!(different.len() > COUNT / 2, "{}", different.len());
    }
}
