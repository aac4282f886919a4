# A job of somebody else in the same cluster: what it may read with its own identity is what every job may read.
job "spy" {
  group "spy" {
    task "spy" {
      driver = "docker"

      identity {
        file = true
      }

      config {
        image   = "hashistack-test/busybox:1"
        command = "sleep"
        args    = ["3600"]
      }

      kill_timeout = "1s"

      resources {
        cpu    = 50
        memory = 32
      }
    }
  }
}
