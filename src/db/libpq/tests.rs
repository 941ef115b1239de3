use super::*;

/// What a URL says, in the order of the names.
fn said(text: &str) -> Vec<(String, String)> {
    let parameters = url::parse(text).expect(text);
    let mut said: Vec<_> = parameters.into_iter().map(|(name, (value, _))| (name, value)).collect();
    said.sort();
    said
}

fn built(text: &str) -> Address {
    build(&url::parse(text).expect(text)).expect(text)
}

fn refused(text: &str) -> String {
    let e = url::parse(text).and_then(|p| build(&p)).expect_err(text);
    assert_eq!(e.exit_status(), 2, "{text}");
    e.to_string()
}

#[test]
fn urls_are_read_as_libpq_reads_them() {
    for (text, expected) in [
        ("postgres://", &[][..]),
        ("postgresql:///market", &[("dbname", "market")]),
        ("postgres://db.example", &[("host", "db.example")]),
        ("postgres://u@/db?host=/run/pg", &[("dbname", "db"), ("host", "/run/pg"), ("user", "u")]),
        ("postgres://u@[::1]:5433/db", &[("dbname", "db"), ("host", "::1"), ("port", "5433"), ("user", "u")]),
        ("postgres://[fe80::1]", &[("host", "fe80::1")]),
        ("postgres://%2Frun%2Fpg/db", &[("dbname", "db"), ("host", "/run/pg")]),
        (
            "postgres://u:p%40s%2Fs@h/d",
            &[("dbname", "d"), ("host", "h"), ("password", "p@s/s"), ("user", "u")],
        ),
        ("postgres://:5433", &[("port", "5433")]),
        ("postgres://h?ssl=true", &[("host", "h"), ("sslmode", "require")]),
        ("postgres://h?ssl-root-cert=/ca", &[("host", "h"), ("sslrootcert", "/ca")]),
    ] {
        let expected: Vec<_> = expected.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        assert_eq!(said(text), expected, "{text}");
    }
}

#[test]
fn a_url_becomes_options() {
    let built = built(
        "postgres://u:p@[::1]:5433/db?connect_timeout=7&keepalives_idle=60&keepalives_interval=5&keepalives_count=3\
         &tcp_user_timeout=9000&target_session_attrs=read-write&channel_binding=prefer",
    );
    let options = &built.options;
    assert_eq!((options.get_host(), options.get_port(), options.get_socket()), ("::1", 5433, None));
    assert_eq!((options.get_username(), options.get_database()), ("u", Some("db")));
    assert_eq!((built.timeout, built.attrs), (Some(Duration::from_secs(7)), SessionAttrs::ReadWrite));
    let keepalive = Keepalive {
        on: true,
        idle: Some(Duration::from_secs(60)),
        interval: Some(Duration::from_secs(5)),
        count: Some(3),
        user_timeout: Some(9000),
    };
    assert_eq!(built.keepalive, keepalive);
}

#[test]
fn what_is_left_out_is_what_psql_takes() {
    let built = built("postgres://u@/?host=/run/pg&connect_timeout=0&keepalives=0");
    assert_eq!(built.options.get_socket(), Some(&"/run/pg".into()));
    assert_eq!((built.options.get_port(), built.options.get_database()), (5432, Some("u")));
    assert_eq!((built.timeout, built.keepalive.on, built.attrs), (None, false, SessionAttrs::Any));
}

#[test]
fn what_cannot_be_followed_is_named_without_its_value() {
    for (text, says) in [
        (
            "postgres://h/d?sslrotcert=secret",
            "the parameter `sslrotcert` of the database URL is not understood",
        ),
        (
            "postgres://h/d?channel_binding=require",
            "the parameter `channel_binding` of the database URL cannot be followed",
        ),
        ("postgres://a,b/d", "the database URL names several servers"),
        ("postgres://h:54321x/d", "has a value of `port` that is not understood"),
        ("postgres://h/d?sslmode=secret", "has a value of `sslmode` that is not understood"),
        ("postgres://h/d?connect_timeout=secret", "has a value of `connect_timeout` that is not understood"),
        ("postgres://h/d?target_session_attrs=secret", "has a value of `target_session_attrs`"),
    ] {
        let said = refused(text);
        assert!(said.contains(says) && !said.contains("secret"), "{text}: {said}");
    }
}

#[test]
fn a_password_that_was_not_encoded_is_not_repeated() {
    for password in
        ["se@cret", "se/cret", "se#cret", "se?cret", "se?cret=cret", "se:cret/x", "se[cret]?a=cret"]
    {
        let said = refused(&format!("postgres://u:{password}@h/d"));
        assert!(!said.contains("cret"), "{password}: {said}");
    }
}

/// What it says with its hint.
fn advised(e: &Error) -> String {
    format!("{e}; {}", e.hint().expect("a hint"))
}

#[test]
fn what_a_value_may_be_is_told() {
    let boundaries = [
        (
            "connect_timeout=soon",
            "`connect_timeout` that is not understood; it takes whole seconds, such as 10",
        ),
        (
            "target_session_attrs=master",
            "`target_session_attrs` that is not understood; it takes any, read-write, read-only, primary, standby or \
             prefer-standby",
        ),
        ("sslmode=on", "it takes disable, allow, prefer, require, verify-ca or verify-full"),
        ("port=x", "it takes a number from 1 to 65535"),
        ("keepalives_idle=x", "it takes a whole number"),
    ];
    for (parameter, says) in boundaries {
        let e =
            url::parse(&format!("postgres://h/d?{parameter}")).and_then(|p| build(&p)).expect_err(parameter);
        assert!(advised(&e).contains(says), "{}", advised(&e));
    }
    let variable = Origin::Variable("PGCONNECT_TIMEOUT");
    let parameters = Parameters::from([("connect_timeout".to_owned(), ("soon".to_owned(), variable))]);
    let e = build(&parameters).expect_err("no number");
    assert_eq!(
        advised(&e),
        "configuration: PGCONNECT_TIMEOUT has a value that is not understood; it takes whole seconds, such as 10"
    );
}

#[test]
fn a_port_in_the_host_and_several_hosts_are_named() {
    let one = "the database URL names several servers, and barlift connects to one; name one: \
               postgres://user:password@host:5432/name";
    let port = "the parameter `host` of the database URL has more than a host in it; write the port by itself: \
                ?host=db.example&port=5432";
    for (text, says) in [
        ("postgres://a,b/d", one),
        ("postgres://a:1,b:2/d", one),
        ("postgres://u:p@a:1,b:2/d", one),
        ("postgres://[::1]:1,[::2]:2/d", one),
        ("postgres://u@/d?host=127.0.0.1:5541", port),
        ("postgres://u@/d?host=[::1]:5541", port),
        (
            "postgres://u@/d?hostaddr=127.0.0.1:5541",
            "the parameter `hostaddr` of the database URL has more than",
        ),
    ] {
        let e = url::parse(text).and_then(|p| build(&p)).expect_err(text);
        assert!(advised(&e).contains(says), "{text}: {}", advised(&e));
        assert!(!advised(&e).contains("5541"), "{}", advised(&e));
    }
    for text in
        ["postgres://u@/d?host=::1", "postgres://u@/d?host=fe80::1%25eth0", "postgres://u@/d?host=/a:b"]
    {
        built(text);
    }
    let variable = Parameters::from([("host".to_owned(), ("h:1".to_owned(), Origin::Variable("PGHOST")))]);
    let e = build(&variable).expect_err("a port");
    assert!(
        advised(&e).ends_with("PGHOST has more than a host in it; write the port by itself: PGPORT=5432"),
        "{e}"
    );
}
