//! What the generated people are called, the frequent ones first.

/// Given names.
#[rustfmt::skip]
pub const FIRST: [&str; 96] = [
    "James", "Mary", "Maria", "John", "Anna", "David", "Sarah", "Michael", "Laura", "Wei",
    "Mohammed", "Daniel", "Julia", "Thomas", "Emma", "Lucas", "Sofia", "Robert", "Elena", "Paul",
    "Nina", "Ahmed", "Peter", "Lisa", "Martin", "Yuki", "Alexander", "Chloe", "Andrew", "Fatima",
    "Mark", "Ingrid", "Carlos", "Hannah", "Stefan", "Priya", "George", "Olivia", "Jan", "Aisha",
    "Kevin", "Camille", "Simon", "Mei", "Oliver", "Katarina", "Felix", "Grace", "Ivan", "Isabel",
    "Henry", "Zoe", "Rafael", "Eva", "Patrick", "Leila", "Hugo", "Amelia", "Victor", "Noor",
    "Sven", "Beatrice", "Omar", "Clara", "Dmitri", "Rosa", "Kenji", "Astrid", "Luis", "Miriam",
    "Tobias", "Jasmine", "Nikolai", "Helen", "Arjun", "Vera", "Matteo", "Freya", "Samuel",
    "Lucia", "Bjorn", "Tamara", "Emil", "Naomi", "Giorgio", "Ulrike", "Thabo", "Wilhelmina",
    "Quentin", "Saoirse", "Xavier", "Yaroslav", "Zbigniew", "Ophelia", "Ignatius", "Philippa",
];

/// Family names.
#[rustfmt::skip]
pub const LAST: [&str; 144] = [
    "Smith", "Mueller", "Garcia", "Martin", "Wang", "Johnson", "Chen", "Silva", "Schmidt",
    "Singh", "Brown", "Rossi", "Kim", "Nguyen", "Jones", "Lopez", "Ivanov", "Weber", "Khan",
    "Tanaka", "Williams", "Fischer", "Dubois", "Patel", "Miller", "Santos", "Meyer", "Sato",
    "Davis", "Novak", "Hernandez", "Wagner", "Ali", "Wilson", "Becker", "Moreau", "Park",
    "Anderson", "Schulz", "Costa", "Taylor", "Hoffmann", "Yamamoto", "Thomas", "Koch", "Bernard",
    "Sharma", "Moore", "Richter", "Ferrari", "Jackson", "Klein", "Petrov", "Thompson", "Wolf",
    "Laurent", "Hussain", "White", "Schroeder", "Romano", "Lee", "Neumann", "Gupta", "Harris",
    "Schwarz", "Lefebvre", "Suzuki", "Clark", "Zimmermann", "Almeida", "Lewis", "Braun",
    "Kowalski", "Robinson", "Krueger", "Andersen", "Walker", "Hofmann", "Johansson", "Young",
    "Hartmann", "Virtanen", "Allen", "Lange", "Horvath", "King", "Werner", "Popescu", "Wright",
    "Krause", "Nielsen", "Scott", "Lehmann", "Fernandez", "Torres", "Koehler", "Papadopoulos",
    "Hill", "Maier", "Eriksson", "Green", "Huber", "Yilmaz", "Adams", "Kaiser", "Watanabe",
    "Baker", "Fuchs", "Murphy", "Nelson", "Lang", "Okafor", "Carter", "Scholz", "Mensah",
    "Mitchell", "Moeller", "Haddad", "Roberts", "Weiss", "Rahman", "Turner", "Jung", "Lindqvist",
    "Phillips", "Hahn", "Kaminski", "Campbell", "Vogel", "Takahashi", "Parker", "Friedrich",
    "Oyelaran", "Evans", "Keller", "Villanueva", "Edwards", "Guenther", "Abernathy", "Collins",
    "Xiomara", "Quisenberry", "Featherstonehaugh", "Zwingli",
];

/// The departments, the large ones first.
#[rustfmt::skip]
pub const DEPARTMENTS: [&str; 20] = [
    "Engineering", "Sales", "Customer Support", "Operations", "Marketing", "Manufacturing",
    "Finance", "Human Resources", "Information Technology", "Research", "Quality", "Logistics",
    "Procurement", "Security", "Legal", "Product", "Design", "Facilities", "Training",
    "Communications",
];

/// What people do.
#[rustfmt::skip]
pub const ROLES: [&str; 16] = [
    "Software Engineer", "Account Executive", "Support Specialist", "Project Manager", "Analyst",
    "Technician", "Team Lead", "Consultant", "Data Scientist", "Recruiter", "Accountant",
    "Designer", "Quality Engineer", "Director", "Legal Counsel", "Intern",
];

/// Where they do it: location, office, country calling code, region, time zone.
#[rustfmt::skip]
pub const PLACES: [[&str; 5]; 10] = [
    ["San Francisco, CA, USA", "HQ 4th floor", "1", "AMER", "America/Los_Angeles"],
    ["Berlin, Germany", "Alexanderplatz 2", "49", "EMEA", "Europe/Berlin"],
    ["London, United Kingdom", "Kings Cross 9", "44", "EMEA", "Europe/London"],
    ["Bengaluru, India", "Tower B", "91", "APAC", "Asia/Kolkata"],
    ["Tokyo, Japan", "Shibuya 12F", "81", "APAC", "Asia/Tokyo"],
    ["Sao Paulo, Brazil", "Paulista 100", "55", "LATAM", "America/Sao_Paulo"],
    ["Paris, France", "La Defense 3", "33", "EMEA", "Europe/Paris"],
    ["Singapore", "Marina One", "65", "APAC", "Asia/Singapore"],
    ["Austin, TX, USA", "Domain 7", "1", "AMER", "America/Chicago"],
    ["Sydney, Australia", "Barangaroo", "61", "APAC", "Australia/Sydney"],
];
