# A stand-in as small as it goes: one member with a volume of its own, and the scripts that every engine has.
job "upkeep" {
  group "node" {
    count = 1

    update {
      min_healthy_time = "0s"
    }

    volume "data" {
      type            = "host"
      source          = "upkeep"
      sticky          = true
      access_mode     = "single-node-single-writer"
      attachment_mode = "file-system"
    }

    task "engine" {
      driver       = "docker"
      kill_timeout = "1s"

      config {
        image   = "hashistack-test/busybox:1"
        command = "sleep"
        args    = ["1000000"]
      }

      volume_mount {
        volume      = "data"
        destination = "/data"
      }

      template {
        destination = "local/report.sh"
        data        = <<-SCRIPT
          [ ! -e /data/mute ] || exit 5
          echo leader=1
          echo quorum=yes
          echo full=yes
          echo member.1=127.0.0.1 leader ok
          echo version=1.2.3
        SCRIPT
      }

      template {
        destination = "local/backup.sh"
        data        = "cat /data/kept && [ ! -e /data/broken ] || { echo no disk >&2; exit 4; }"
      }

      template {
        destination = "local/restore.sh"
        data        = "cat > /data/kept"
      }

      resources {
        cpu    = 50
        memory = 64
      }
    }
  }
}
