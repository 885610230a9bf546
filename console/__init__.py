"""The web pages: sign-in, landing, the desk, calls and their timelines, recordings.

`console.web.init_app(app, parts, outside=...)` is the one entry. It gives a Flask app sessions, CSRF protection, the
security headers, languages, error pages, `/static` and every page of this package. `parts` is anything with
`settings` and `database` (the Hotline that `app` builds), kept as `app.extensions["hotline"]`. Blueprints that guard
themselves (a carrier's signed webhooks, probes) are named in `outside`: CSRF and sign-in leave them alone.
The app must be made with `Flask(..., static_folder=None)`; the console brings its own.

A page elsewhere extends `base.html` (blocks `title`, `main`, `head`, `scripts`), refers to files by `asset("name")`
and says who may call it: `@allow(Role.AGENT, ...)`, `@staff` or `@anyone` of `console.access`. An endpoint that says
nothing is refused. May be imported by `app` alone; `console` and `media` never import each other.
"""
