//! A directory of made-up people, the same in every run.

use std::{
    cmp::Reverse,
    collections::{HashMap, HashSet},
    fmt::Write,
};

use crate::names::{DEPARTMENTS, FIRST, LAST, PLACES, ROLES};
use crate::random::Random;

/// How much is known of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fields {
    /// What the Clients API shows.
    Core,
    /// That, the id in the source system, and every field of the gateway's profile.
    Full,
}

/// One person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Their number, from 0.
    pub number: usize,
    /// `mary.smith`, and a number behind it from the second one on.
    pub username: String,
    /// As the username, or for three of ten an employee's number.
    pub user_key: String,
    /// Given name.
    pub first: &'static str,
    /// Family name.
    pub last: &'static str,
    /// One to three, the primary one first.
    pub departments: Vec<&'static str>,
    /// RFC 3339; none for those who were never seen.
    pub desktop_at: Option<String>,
    /// RFC 3339; some were seen in both channels.
    pub web_at: Option<String>,
    /// RFC 3339.
    pub created_at: String,
    /// The number of a row of `PLACES`.
    place: usize,
    role: &'static str,
    manager: usize,
}

impl Person {
    /// Their id in the system that they come from.
    pub fn external_id(&self) -> usize {
        1_000_000 + self.number
    }
}

/// So many people.
pub fn generate(count: usize) -> Vec<Person> {
    let mut random = Random::new(0x0e0e);
    let mut namesakes: HashMap<(&str, &str), usize> = HashMap::new();
    (0..count)
        .map(|number| {
            let first = *random.choose_skewed(&FIRST);
            let last = *random.choose_skewed(&LAST);
            let namesake = namesakes.entry((first, last)).or_default();
            *namesake += 1;
            let mut username = format!("{first}.{last}").to_lowercase();
            if *namesake > 1 {
                write!(username, "{namesake}").expect("text takes everything");
            }
            let user_key = match random.percent(30) {
                true => format!("E{:07}", number * 7 + 1_000_000),
                false => username.clone(),
            };
            let seen = random.percent(80);
            let created_at = moment(&mut random, 2023, 3);
            Person {
                number,
                username,
                user_key,
                first,
                last,
                departments: departments(&mut random),
                desktop_at: seen.then(|| moment(&mut random, 2026, 1)),
                web_at: (seen && random.percent(40)).then(|| moment(&mut random, 2026, 1)),
                created_at,
                place: random.below(PLACES.len()),
                role: random.choose_skewed::<&str>(&ROLES),
                manager: random.below(count),
            }
        })
        .collect()
}

fn departments(random: &mut Random) -> Vec<&'static str> {
    let count = [1, 1, 1, 1, 2, 2, 3][random.below(7)];
    let mut chosen: Vec<&'static str> = Vec::new();
    while chosen.len() < count {
        let department = *random.choose_skewed(&DEPARTMENTS);
        if !chosen.contains(&department) {
            chosen.push(department);
        }
    }
    chosen
}

/// A moment within the first nine months of so many years.
fn moment(random: &mut Random, year: usize, years: usize) -> String {
    let (year, month, day) = (
        year + random.below(years),
        1 + random.below(9),
        1 + random.below(28),
    );
    let (hour, minute, second) = (random.below(24), random.below(60), random.below(60));
    let milliseconds = random.below(1000);
    format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{milliseconds:03}Z")
}

/// The file that `rollcall import` reads.
pub fn to_csv(people: &[Person], fields: Fields) -> String {
    let mut text = "username,user_key,departments,last_activity.desktop_at,last_activity.web_at,\
                    created_at,updated_at"
        .to_owned();
    if fields == Fields::Full {
        text += ",external_id,universal_identifier,email_addr,first_name,last_name,full_name,\
                 work_status,employment_info.employee_start_date_ts,employment_info.role,\
                 employment_info.manager_email,employment_info.cost_center_id,\
                 employment_info.cost_center_name,employment_info.department,\
                 employment_info.office_phone_number,employment_info.assistant_full_name,\
                 employment_info.employment_location.location,\
                 employment_info.employment_location.office,\
                 employment_info.employment_location.country_code,\
                 employment_info.employment_location.region,\
                 employment_info.employment_location.timezone";
    }
    for person in people {
        let Person {
            username,
            user_key,
            created_at,
            ..
        } = person;
        let departments = person.departments.join(";");
        let desktop_at = person.desktop_at.as_deref().unwrap_or_default();
        let web_at = person.web_at.as_deref().unwrap_or_default();
        write!(
            text,
            "\n{username},{user_key},{departments},{desktop_at},{web_at},{created_at},{created_at}"
        )
        .expect("text takes everything");
        if fields == Fields::Full {
            write_profile(&mut text, person, people);
        }
    }
    text.push('\n');
    text
}

fn write_profile(text: &mut String, person: &Person, people: &[Person]) {
    let Person {
        number,
        username,
        first,
        last,
        role,
        created_at,
        ..
    } = person;
    let manager = &people[person.manager];
    let department = person.departments[0];
    let place = PLACES[person.place]
        .map(|value| format!("\"{value}\""))
        .join(",");
    let center = number % 90;
    write!(
        text,
        ",{},person-{number}@example.org,{username}@example.com,{first},{last},{first} {last},\
         FULL_TIME,{created_at},{role},{}@example.com,CC-{center:03},{department} {center},\
         {department},+1 555 {:07},{} {},{place}",
        person.external_id(),
        manager.username,
        number % 10_000_000,
        manager.first,
        manager.last,
    )
    .expect("text takes everything");
}

/// The same people for slapd, below `ou=people,dc=rollcall`; what its schema has names for.
pub fn to_ldif(people: &[Person]) -> String {
    let mut text = "dn: dc=rollcall\nobjectClass: dcObject\nobjectClass: organization\n\
                    dc: rollcall\no: Rollcall\n\n\
                    dn: ou=people,dc=rollcall\nobjectClass: organizationalUnit\nou: people\n"
        .to_owned();
    for person in people {
        let Person {
            number,
            username,
            user_key,
            first,
            last,
            role,
            ..
        } = person;
        let [location, office, _, region, _] = PLACES[person.place];
        write!(
            text,
            "\ndn: {}\nobjectClass: inetOrgPerson\nuid: {username}\nemployeeNumber: {user_key}\n\
             cn: {first} {last}\ndisplayName: {username}\nsn: {last}\ngivenName: {first}\n\
             mail: {username}@example.com\ntitle: {role}\nemployeeType: FULL_TIME\nl: {location}\n\
             physicalDeliveryOfficeName: {office}\nst: {region}\ntelephoneNumber: +1 555 {:07}\n",
            distinguished_name(username),
            number % 10_000_000,
        )
        .expect("text takes everything");
        for department in &person.departments {
            writeln!(text, "departmentNumber: {department}").expect("text takes everything");
        }
    }
    text
}

/// Where slapd keeps somebody.
pub fn distinguished_name(username: &str) -> String {
    format!("uid={username},ou=people,dc=rollcall")
}

/// The family names that occur, in lower case, the most frequent first.
pub fn family_names(people: &[Person]) -> Vec<String> {
    let mut counts: HashMap<&str, usize> = HashMap::new();
    for person in people {
        *counts.entry(person.last).or_default() += 1;
    }
    let mut names: Vec<(&str, usize)> = counts.into_iter().collect();
    names.sort_by_key(|(name, count)| (Reverse(*count), *name));
    names.iter().map(|(name, _)| name.to_lowercase()).collect()
}

/// Pieces of usernames of this length that somebody would type: letters only, each once.
pub fn words(people: &[Person], length: usize, count: usize) -> Vec<String> {
    let mut random = Random::new(length as u64);
    let mut words = HashSet::new();
    let mut ordered = Vec::new();
    // There are only so many of one letter.
    for _ in 0..count * 20 {
        let name = random.choose(people).username.as_bytes();
        if name.len() < length {
            continue;
        }
        let start = random.below(name.len() - length + 1);
        let word = &name[start..start + length];
        if word.iter().all(u8::is_ascii_lowercase) || (length > 3 && word.is_ascii()) {
            let word = String::from_utf8_lossy(word).into_owned();
            if words.insert(word.clone()) {
                ordered.push(word);
            }
        }
        if ordered.len() == count {
            break;
        }
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_people_are_made_every_time() {
        assert_eq!(generate(100), generate(100));
    }

    #[test]
    fn nobody_shares_a_username_or_a_key() {
        let people = generate(20_000);
        let usernames: HashSet<&str> = people.iter().map(|one| one.username.as_str()).collect();
        let keys: HashSet<String> = people
            .iter()
            .map(|one| one.user_key.to_lowercase())
            .collect();
        assert_eq!((usernames.len(), keys.len()), (20_000, 20_000));
        let own_keys = people
            .iter()
            .filter(|one| one.user_key != one.username)
            .count();
        assert!((5_000..7_000).contains(&own_keys), "{own_keys}");
    }

    #[test]
    fn there_are_common_and_rare_names() {
        let people = generate(20_000);
        let called = |name: &str| people.iter().filter(|one| one.last == name).count();
        assert!(called(LAST[0]) > 500, "{}", called(LAST[0]));
        assert!(called(LAST[LAST.len() - 1]) < 20);
    }

    #[test]
    fn every_row_of_the_csv_has_as_many_cells_as_its_head() {
        let people = generate(50);
        for (fields, cells) in [(Fields::Core, 7), (Fields::Full, 27)] {
            let text = to_csv(&people, fields);
            let mut lines = text.lines();
            let head = lines.next().expect("a head");
            assert_eq!(head.split(',').count(), cells);
            for line in lines {
                // The places alone are quoted, and hold commas of their own.
                let unquoted: String = line.split('"').step_by(2).collect();
                assert_eq!(unquoted.split(',').count(), cells, "{line}");
            }
        }
    }

    #[test]
    fn words_are_as_long_as_asked_and_occur() {
        let people = generate(1_000);
        for length in [1, 2, 3, 8] {
            let words = words(&people, length, 50);
            assert!(words.len() > 10, "{words:?}");
            for word in &words {
                assert_eq!(word.len(), length);
                assert!(
                    people
                        .iter()
                        .any(|one| one.username.contains(word.as_str()))
                );
            }
        }
    }
}
