// The sketch brings its own main(), so that the Arduino core's init() does not start timers that are used otherwise.
#ifdef ARDUINO
#include <Arduino.h>  // gives setup() and loop() another linkage
#else
void setup();
void loop();
#endif

int main() {
  setup();
  for (;;) loop();
}
