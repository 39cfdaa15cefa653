#!/usr/bin/env bash
# Runs one Apache Kafka node on this machine, for tests and development.
#
#   hack/kafka.sh up                         start it (the first start downloads it from Maven Central)
#   hack/kafka.sh down                       stop it, and keep its data
#   hack/kafka.sh wipe                       stop it and remove its data
#   hack/kafka.sh pause | resume             suspend it, as if the network were down
#   hack/kafka.sh topic NAME [PARTITIONS]    create a topic
#   hack/kafka.sh status                     print its addresses; fails when it is not running
#   hack/kafka.sh run COMMAND...             run a command with a new node, which is then removed;
#                                            CCX_TEST_KAFKA_SASL names its listener with authentication
#
# It has two listeners: one without authentication, and one with user and password by SASL (SCRAM-SHA-512,
# SCRAM-SHA-256 or PLAIN). It needs Java 17 or newer, and Maven for the first start. Environment variables:
#
#   KAFKA_HOST        address of both listeners, e.g. for pods       (127.0.0.1)
#   KAFKA_PORT        port of the listener without authentication    (9092)
#   KAFKA_SASL_PORT   port of the listener with authentication       (KAFKA_PORT + 1)
#   KAFKA_CTL_PORT    port of the KRaft controller                   (KAFKA_PORT + 2)
#   KAFKA_USER        the user of the listener with authentication   (ccx)
#   KAFKA_PASSWORD    the password of the user                       (ccx-secret)
#   KAFKA_DATA        folder of its data                             (/tmp/ccx-kafka-$KAFKA_PORT)
#   KAFKA_HEAP        memory of the JVM                              (384m)
#   KAFKA_VERSION     the release                                    (4.3.0)
set -euo pipefail

# shellcheck source=hack/lib/server.sh
source "$(dirname "${BASH_SOURCE[0]}")/lib/server.sh"

version=${KAFKA_VERSION:-4.3.0}
host=${KAFKA_HOST:-127.0.0.1}
port=${KAFKA_PORT:-9092}
sasl_port=${KAFKA_SASL_PORT:-$((port + 1))}
ctl_port=${KAFKA_CTL_PORT:-$((port + 2))}
user=${KAFKA_USER:-ccx}
password=${KAFKA_PASSWORD:-ccx-secret}
data=${KAFKA_DATA:-${TMPDIR:-/tmp}/ccx-kafka-$port}
heap=${KAFKA_HEAP:-384m}
jars=$cache_dir/kafka-$version

main() {
  case "${1:-}" in
    up) up ;;
    down) server_stop "$data" ;;
    wipe) server_stop "$data" && rm -rf "$data" ;;
    pause) server_signal "$data" STOP ;;
    resume) server_signal "$data" CONT ;;
    topic) topic "${2:?the name of the topic is missing}" "${3:-1}" ;;
    status) status ;;
    run) run_beside "${@:2}" ;;
    help | -h | --help) usage ;;
    *) usage >&2 && exit 2 ;;
  esac
}

up() {
  server_alive "$data" && status && return
  need java "on Debian and Ubuntu hack/install-dependencies.sh servers installs it"
  fetch
  mkdir -p "$data"
  configure
  [ -f "$data/topics/meta.properties" ] || format
  server_start "$data" java -Xms"$heap" -Xmx"$heap" -XX:+UseSerialGC -XX:TieredStopAtLevel=1 \
    -Dlog4j2.configurationFile="$data/log4j2.yaml" -cp "$jars/*" kafka.Kafka "$data/server.properties"
  server_wait "$data" grep -q 'Kafka Server started' "$data/log"
  status
}

# The folder gets its name when it is complete: Maven does not fetch again what an interrupted run has half copied.
fetch() {
  local new
  [ -f "$jars/complete" ] && return
  need mvn "on Debian and Ubuntu hack/install-dependencies.sh servers installs it"
  echo "fetching Kafka $version from Maven Central, once" >&2
  mkdir -p "$cache_dir"
  new=$(mktemp -d "$cache_dir/.kafka.XXXXXX")
  # shellcheck disable=SC2064 # The folder's current name is meant.
  trap "rm -rf '$new'" EXIT
  write_pom "$new"
  mvn -q -B -Dstyle.color=never -f "$new/pom.xml" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$new" >&2 ||
    die "failed to fetch Kafka $version: is Maven Central reachable? A mirror or proxy is set in ~/.m2/settings.xml; then run it again"
  touch "$new/complete"
  chmod 755 "$new"
  [ -f "$jars/complete" ] || rm -rf "$jars"
  [ -d "$jars" ] || mv "$new" "$jars"
}

# write_pom FOLDER: the broker, its tools, and a logging backend: the broker depends on the logging interface only.
write_pom() {
  cat >"$1/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>ccx</groupId><artifactId>kafka-node</artifactId><version>1</version><packaging>pom</packaging>
  <dependencies>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>$version</version></dependency>
    <dependency><groupId>org.apache.kafka</groupId><artifactId>kafka-tools</artifactId><version>$version</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-slf4j-impl</artifactId><version>2.25.4</version></dependency>
    <dependency><groupId>org.apache.logging.log4j</groupId><artifactId>log4j-core</artifactId><version>2.25.4</version></dependency>
  </dependencies>
</project>
POM
}

configure() {
  local jaas=org.apache.kafka.common.security
  local guarded=listener.name.guarded
  cat >"$data/server.properties" <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$ctl_port
controller.listener.names=CONTROLLER
listeners=OPEN://$host:$port,GUARDED://$host:$sasl_port,CONTROLLER://127.0.0.1:$ctl_port
advertised.listeners=OPEN://$host:$port,GUARDED://$host:$sasl_port
listener.security.protocol.map=OPEN:PLAINTEXT,GUARDED:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=OPEN
$guarded.sasl.enabled.mechanisms=SCRAM-SHA-512,SCRAM-SHA-256,PLAIN
$guarded.scram-sha-512.sasl.jaas.config=$jaas.scram.ScramLoginModule required;
$guarded.scram-sha-256.sasl.jaas.config=$jaas.scram.ScramLoginModule required;
$guarded.plain.sasl.jaas.config=$jaas.plain.PlainLoginModule required user_$user="$password";
log.dirs=$data/topics
num.partitions=1
# One node, so replication factor 1; few partitions of Kafka's internal topics, so that it starts fast.
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=1
# A new group does not wait for further members.
group.initial.rebalance.delay.ms=0
# Killed members are detected soon.
group.min.session.timeout.ms=1000
num.network.threads=2
num.io.threads=2
num.recovery.threads.per.data.dir=1
log.cleaner.dedupe.buffer.size=16777216
message.max.bytes=10485760
replica.fetch.max.bytes=10485760
PROPERTIES
  logging STDOUT INFO >"$data/log4j2.yaml"
  logging STDERR ERROR >"$data/tools-log4j2.yaml"
}

logging() { # logging STDOUT|STDERR LEVEL
  cat <<YAML
Configuration:
  Appenders:
    Console:
      name: Console
      target: SYSTEM_${1#STD}
      PatternLayout: {pattern: "%d{ISO8601} %p %c{1} %m%n"}
  Loggers:
    Root: {level: $2, AppenderRef: [{ref: Console}]}
YAML
}

tool() { java -Xmx128m -XX:TieredStopAtLevel=1 -Dlog4j2.configurationFile="$data/tools-log4j2.yaml" -cp "$jars/*" "$@"; }

# Formats the storage, with the SCRAM credentials of the user.
format() {
  local id
  id=$(head -c 16 /dev/urandom | base64 | tr '+/' 'ab' | cut -c 1-22)
  tool kafka.tools.StorageTool format --cluster-id "$id" --config "$data/server.properties" \
    --add-scram "SCRAM-SHA-512=[name=$user,password=$password]" \
    --add-scram "SCRAM-SHA-256=[name=$user,password=$password]" >"$data/format.log" 2>&1 ||
    { cat "$data/format.log" >&2 && die "failed to format $data"; }
}

topic() {
  tool org.apache.kafka.tools.TopicCommand --bootstrap-server "$host:$port" \
    --create --if-not-exists --topic "$1" --partitions "$2" --replication-factor 1
}

status() {
  server_alive "$data" || die "Kafka is not running in $data"
  echo "Kafka $version: $host:$port, by SASL as $user $host:$sasl_port, log $data/log"
}

# If the node can't be started, the command runs without it, except with CI=true: tests that need the node are reported as not run.
run_beside() {
  [ $# -gt 0 ] || die "run needs a command"
  port=$(free_port) sasl_port=$(free_port) ctl_port=$(free_port)
  data=$(mktemp -d "${TMPDIR:-/tmp}/ccx-kafka.XXXXXX")
  # shellcheck disable=SC2064 # The folder's current name is meant.
  trap "server_stop '$data'; rm -rf '$data'" EXIT
  if KAFKA_PORT=$port KAFKA_SASL_PORT=$sasl_port KAFKA_CTL_PORT=$ctl_port KAFKA_DATA=$data "$0" up 2>&1 | tee "$data/up" >&2; then
    export CCX_TEST_KAFKA_SASL=127.0.0.1:$sasl_port,$user,$password
  else
    export CCX_TEST_KAFKA_FAILURE
    CCX_TEST_KAFKA_FAILURE=$(do_without Kafka "$data/up")
  fi
  "$@"
}

main "$@"
