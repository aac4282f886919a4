job "hello" {
  group "web" {
    update {
      min_healthy_time = "0s"
    }

    network {
      port "http" {
        to = 8000
      }
    }

    service {
      name = "hello"
      port = "http"

      check {
        type     = "http"
        path     = "/"
        interval = "1s"
        timeout  = "1s"
      }
    }

    task "web" {
      driver       = "docker"
      kill_timeout = "1s"

      config {
        image   = "hashistack-test/busybox:1"
        command = "sh"
        args    = ["-c", "mkdir /www; echo hello > /www/index.html; exec httpd -f -p 8000 -h /www"]
        ports   = ["http"]
      }

      resources {
        cpu    = 50
        memory = 32
      }
    }
  }
}
