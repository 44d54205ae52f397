# How pytest is run and what is made of its reports. Source it in the repository's root, with the right python in PATH.

reports=$(mktemp -d -t tiercel-test.XXXXXX)
trap 'rm -rf -- "$reports"' EXIT
# More than there are processors, as much of what is tested waits for something.
workers=${PYTEST_XDIST_AUTO_NUM_WORKERS:-$((($(nproc) * 3 + 1) / 2))}
status=0 # the largest of pytest's: 1 is that tests failed, the others that pytest did

run() { # the report's name, and what pytest is given
  local report=$reports/$1.xml code=0
  shift
  : >"$report"
  python -m pytest --continue-on-collection-errors --junit-xml="$report" "$@" </dev/null || code=$?
  ((code <= status)) || status=$code
}

# All tests: what needs the kernel to itself comes alone, the rest on all processors. A few that fail are tried once more,
# alone; what passes then is passed, and named as unsteady.
run_all() {
  local remembered=(--override-ini cache_dir="$reports/cache") # which have failed in this run, and in no earlier one
  export TIERCEL_EXAMPLES="the same"
  run others "${remembered[@]}" --numprocesses "$workers" --dist worksteal -m 'not alone'
  run live "${remembered[@]}" -m alone tests/live
  if python scripts/tally.py --worth-another "$status" "$reports"/*.xml; then
    second_attempt "${remembered[@]}" --last-failed --last-failed-no-failures none
  else
    tally
  fi
}

second_attempt() { # what pytest is given
  local first=$status second
  printf '· a few tests failed: each is tried once more, alone\n' >&2
  status=0
  run again "$@"
  mv -- "$reports/again.xml" "$reports/again"
  second=$status
  status=$first
  tally --again "$second" "$reports/again"
}

tally() { # the account of all reports; its exit status is that of the run
  python scripts/tally.py "$@" "$status" "$reports"/*.xml
}
